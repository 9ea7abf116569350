import { describe, expect, test } from 'vitest'
import type { DialectName } from '../../src/index.js'
import { call, member } from '../support/call.js'
import { hostCaller, MINUTE, NOW, testInstance } from '../support/instance.js'

const BASE = { name: 'n', owner: 'ada' }

async function stage(scopes: readonly string[]) {
  const setup = testInstance()
  const outgoing = await setup.latchkey.create({ ...BASE, scopes })
  const retiring = await setup.latchkey.create({ ...BASE, scopes: ['a'] })
  const own = await setup.latchkey.rotate(outgoing.id, { previousExpiresAt: 'now+1h' })
  const other = await setup.latchkey.rotate(retiring.id, { previousExpiresAt: 'now+1h' })
  return { ...setup, own, other, by: own.token, outgoing: outgoing.token }
}

/**
 * Status for a token that names itself as `self`, by its id, or another: without management scopes, with both, and with
 * both by the outgoing secret of its rotation.
 */
const ROUTES: readonly {
  dialect: DialectName
  line: string
  body?: unknown
  without: readonly [self: number, id: number, other: number]
  with: readonly [self: number, id: number, other: number]
  outgoing: readonly [self: number, id: number, other: number]
}[] = [
  {
    dialect: 'dynatrace',
    line: 'GET /{id}',
    without: [200, 200, 403],
    with: [200, 200, 200],
    outgoing: [200, 200, 200],
  },
  {
    dialect: 'dynatrace',
    line: 'HEAD /{id}',
    without: [200, 200, 403],
    with: [200, 200, 200],
    outgoing: [200, 200, 200],
  },
  {
    dialect: 'dynatrace',
    line: 'PUT /{id}',
    body: { name: 'm' },
    without: [403, 403, 403],
    with: [204, 204, 204],
    outgoing: [403, 403, 403],
  },
  {
    dialect: 'dynatrace',
    line: 'PUT /{id}',
    body: { enabled: false },
    without: [403, 403, 403],
    with: [400, 400, 204],
    outgoing: [403, 403, 403],
  },
  {
    dialect: 'dynatrace',
    line: 'PUT /{id}',
    body: { enabled: true },
    without: [403, 403, 403],
    with: [204, 204, 204],
    outgoing: [403, 403, 403],
  },
  {
    dialect: 'dynatrace',
    line: 'DELETE /{id}',
    without: [204, 403, 403],
    with: [204, 400, 204],
    outgoing: [403, 403, 403],
  },
  {
    dialect: 'dynatrace',
    line: 'POST /{id}/rotate',
    without: [200, 200, 403],
    with: [200, 200, 200],
    outgoing: [403, 403, 403],
  },
  {
    dialect: 'dynatrace',
    line: 'POST /{id}/rotate/finish',
    without: [204, 204, 403],
    with: [204, 204, 204],
    outgoing: [204, 204, 403],
  },
  {
    dialect: 'dynatrace',
    line: 'POST /{id}/rotate/cancel',
    without: [204, 204, 403],
    with: [204, 204, 204],
    outgoing: [403, 403, 403],
  },
  { dialect: 'panther', line: 'GET /{id}', without: [200, 200, 403], with: [200, 200, 200], outgoing: [200, 200, 200] },
  {
    ...{ dialect: 'panther', line: 'POST /{id}', body: { name: 'm', permissions: ['a'] } },
    ...{ without: [403, 403, 403], with: [200, 200, 200], outgoing: [403, 403, 403] },
  },
  {
    dialect: 'panther',
    line: 'DELETE /{id}',
    without: [204, 403, 403],
    with: [204, 400, 204],
    outgoing: [403, 403, 403],
  },
  {
    dialect: 'panther',
    line: 'POST /{id}/rotate',
    without: [200, 200, 403],
    with: [200, 200, 200],
    outgoing: [403, 403, 403],
  },
]

describe.each(ROUTES)('$dialect $line $body', ({ dialect, line, body, without, with: full, outgoing }) => {
  test.each([
    ['without management scopes', ['a'], without],
    ['with them', ['a', 'apiTokens.read', 'apiTokens.write'], full],
    ['by the outgoing secret', ['a', 'apiTokens.read', 'apiTokens.write'], outgoing],
  ] as const)('%s', async (which, scopes, statuses) => {
    for (const [i, name] of (['self', 'own', 'other'] as const).entries()) {
      const { latchkey, own, other, ...secrets } = await stage(scopes)
      const by = which === 'by the outgoing secret' ? secrets.outgoing : secrets.by
      const id = { self: 'self', own: own.id, other: other.id }[name]
      const answer = await call(latchkey, { line: line.replace('{id}', id), body, by, dialect })
      expect([name, answer.status]).toEqual([name, statuses[i]])
    }
  })

  test('the host’s caller is no token: self is unknown', async () => {
    const { latchkey, by, records } = await stage(['*'])
    const before = await records()
    const authorize = () => hostCaller().caller
    for (const credential of [undefined, by]) {
      const answer = await call(latchkey, {
        line: line.replace('{id}', 'self'),
        body,
        by: credential,
        dialect,
        authorize,
      })
      expect(answer.status).toBe(404)
    }
    expect(await records()).toEqual(before)
  })

  test('nobody is another by claiming its id', async () => {
    const { latchkey, own, other, records } = await stage(['a'])
    const before = await records()
    const secret = own.token.slice(own.id.length)
    for (const by of [`${other.id}${secret}`, `${other.id}.${'A'.repeat(64)}`, other.id]) {
      for (const id of ['self', other.id, own.id]) {
        const answer = await call(latchkey, { line: line.replace('{id}', id), body, by, dialect })
        expect(answer.status).toBe(401)
      }
    }
    expect(await records()).toEqual(before)
  })
})

describe('delete', () => {
  test.each<[string, 'current' | 'previous' | 'retired' | 'mistyped', number]>([
    ['by the whole token', 'current', 204],
    ['by the previous secret while it lives', 'previous', 204],
    ['by a retired secret', 'retired', 404],
    ['by a mistyped token', 'mistyped', 404],
  ])('%s', async (_, which, status) => {
    const { latchkey, records } = testInstance()
    const { token: by } = await latchkey.create({ ...BASE, scopes: ['apiTokens.write'] })
    const first = await latchkey.create({ ...BASE, scopes: ['a'] })
    const second = await latchkey.rotate(first.id)
    const third = await latchkey.rotate(first.id, { previousExpiresAt: 'now+1h' })
    const tokens = {
      current: third.token,
      previous: second.token,
      retired: first.token,
      mistyped: `${third.token.slice(0, -1)}8`,
    }
    const line = `DELETE /${tokens[which]}`
    expect((await call(latchkey, { line, by })).status).toBe(404)
    expect((await call(latchkey, { line, by, options: { secretInPath: true } })).status).toBe(status)
    expect(await records()).toHaveLength(which === 'current' ? 1 : 2)
    const ended = await Promise.all([second, third].map(async ({ token }) => (await latchkey.verify(token)).ok))
    expect(ended).toEqual([status === 404, which !== 'current'])
  })

  test('by the own whole token is as by the own id', async () => {
    const { latchkey, records } = testInstance()
    const { token } = await latchkey.create({ ...BASE, scopes: ['apiTokens.write'] })
    const answer = await call(latchkey, { line: `DELETE /${token}`, by: token, options: { secretInPath: true } })
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining('Name it as self') } },
    })
    expect(await records()).toHaveLength(1)
  })

  test('a whole token names nothing in other routes', async () => {
    const { latchkey, other, by, records } = await stage(['*'])
    const before = await records()
    for (const line of [`GET /${other.token}`, `PUT /${other.token}`, `POST /${other.token}/rotate`]) {
      expect((await call(latchkey, { line, by, body: {} })).status).toBe(404)
    }
    expect(await records()).toEqual(before)
  })

  test('what names no token is 404', async () => {
    const { latchkey, by, records } = await stage(['*'])
    for (const id of [
      'x',
      'SELF',
      'self%20',
      '%',
      '%ff',
      '%00',
      'lk.x',
      `lk.${'A'.repeat(24)}`,
      `lk.${'a'.repeat(24)}`,
      'self%2Frotate',
      '..',
      '%2e%2e',
    ]) {
      for (const line of [`GET /${id}`, `PUT /${id}`, `DELETE /${id}`, `POST /${id}/rotate`]) {
        expect((await call(latchkey, { line, by, body: {} })).status, line).toBe(404)
      }
    }
    expect(await records()).toHaveLength(2)
  })
})

describe('revoke and lookup', () => {
  test('revoke answers 204 whatever it is given, and deletes the right one alone', async () => {
    const { latchkey, own, other, records, clock } = await stage(['a'])
    const by = own.token
    clock.now = NOW + MINUTE
    const wrong = `${other.id}${own.token.slice(own.id.length)}`
    for (const token of ['', 'x', other.id, wrong, `${other.token} `, '\u0000', 'x'.repeat(60_000)]) {
      expect(await call(latchkey, { line: 'POST /revoke', by, body: { token } })).toMatchObject({
        status: 204,
        body: undefined,
      })
    }
    expect(await records()).toHaveLength(2)
    for (let i = 0; i < 2; i++) {
      expect((await call(latchkey, { line: 'POST /revoke', by, body: { token: other.token } })).status).toBe(204)
    }
    expect(await records()).toHaveLength(1)
    // Itself as well: it has shown the secret.
    expect((await call(latchkey, { line: 'POST /revoke', by, body: { token: by } })).status).toBe(204)
    expect(await records()).toHaveLength(0)
    expect((await call(latchkey, { line: 'POST /revoke', by, body: { token: by } })).status).toBe(401)
  })

  test('lookup shows disabled and expired tokens, and counts no use of them', async () => {
    const { latchkey, own, clock } = await stage(['a'])
    const off = await latchkey.create({
      ...BASE,
      scopes: ['a'],
      enabled: false,
      expiresAt: 'now+1m',
      networks: ['10.0.0.0/8'],
    })
    clock.now = NOW + MINUTE
    const answer = await call(latchkey, { line: 'POST /lookup', by: own.token, body: { token: off.token } })
    expect(answer).toEqual({
      status: 200,
      headers: expect.objectContaining({ 'Cache-Control': 'no-store' }),
      body: {
        ...{ id: off.id, name: 'n', enabled: false, owner: 'ada', scopes: ['a'], personalAccessToken: false },
        ...{ creationDate: '2026-01-15T12:00:00.000Z', expirationDate: '2026-01-15T12:01:00.000Z' },
        allowedCIDRBlocks: ['10.0.0.0/8'],
      },
    })
    await latchkey.flush()
    expect(await latchkey.get(off.id)).not.toHaveProperty('lastUsedAt')
    expect(await latchkey.get(own.id)).toMatchObject({ lastUsedAt: clock.now, lastUsedIp: '192.0.2.1' })
    for (const token of [off.id, 'x', `${off.token}A`]) {
      expect((await call(latchkey, { line: 'POST /lookup', by: own.token, body: { token } })).status).toBe(404)
    }
  })
})

describe('rotation of oneself', () => {
  test('a token cannot outlive itself by renewing its own expiry', async () => {
    const { latchkey, records } = testInstance()
    const { token, id } = await latchkey.create({ ...BASE, scopes: ['*'], expiresAt: 'now+1h' })
    const before = await records()
    for (const name of ['self', id]) {
      const answer = await call(latchkey, {
        line: `POST /${name}/rotate`,
        by: token,
        body: { expirationDate: 'now+2h' },
      })
      expect(answer).toMatchObject({
        status: 403,
        body: { error: { constraintViolations: [{ path: 'expirationDate', parameterLocation: 'PAYLOAD_BODY' }] } },
      })
    }
    const strip = (record: object) => ({ ...record, lastUsedAt: 0 })
    expect((await records()).map(strip)).toEqual(before.map(strip))
    const shorter = await call(latchkey, { line: 'POST /self/rotate', by: token, body: { expirationDate: 'now+30m' } })
    expect(shorter).toMatchObject({ status: 200, body: { id, expirationDate: '2026-01-15T12:30:00.000Z' } })
  })

  test('the overlap as a client sees it, from its begin to its end', async () => {
    const { latchkey, clock } = testInstance()
    const { token, id } = await latchkey.create({ ...BASE, scopes: ['a'] })
    const rotated = await call(latchkey, {
      ...{ line: 'POST /self/rotate', by: token },
      body: { previousSecretExpirationDate: '2026-01-15T13:00:00Z', expirationDate: null },
    })
    const next = member(rotated, 'token')
    expect(rotated).toMatchObject({
      status: 200,
      body: {
        ...{ id, token: next, rotationDate: '2026-01-15T12:00:00.000Z' },
        previousSecretExpirationDate: '2026-01-15T13:00:00.000Z',
      },
    })
    clock.now += MINUTE
    await call(latchkey, { line: 'GET /self', by: token, ip: '198.51.100.1' })
    clock.now += MINUTE
    await call(latchkey, { line: 'GET /self', by: next, ip: '198.51.100.2' })
    await latchkey.flush()
    expect(await call(latchkey, { line: 'GET /self', by: next })).toMatchObject({
      body: {
        ...{ lastUsedDate: '2026-01-15T12:02:00.000Z', lastUsedIpAddress: '198.51.100.2' },
        previousSecret: {
          ...{ expirationDate: '2026-01-15T13:00:00.000Z', lastUsedDate: '2026-01-15T12:01:00.000Z' },
          lastUsedIpAddress: '198.51.100.1',
        },
      },
    })
    expect((await call(latchkey, { line: 'POST /self/rotate/finish', by: next })).status).toBe(204)
    expect((await call(latchkey, { line: 'GET /self', by: token })).status).toBe(401)
    expect((await call(latchkey, { line: 'POST /self/rotate/finish', by: next })).status).toBe(400)
    const empty = await call(latchkey, { line: 'POST /self/rotate', by: next, headers: { 'content-length': '0' } })
    expect(empty.status).toBe(200)
    expect((await call(latchkey, { line: 'GET /self', by: next })).status).toBe(401)
  })
})

describe('the outgoing secret', () => {
  test('may end itself by /revoke, and nothing else', async () => {
    const { latchkey, own, other, outgoing } = await stage(['*'])
    const revoke = (token: string) => call(latchkey, { line: 'POST /revoke', by: outgoing, body: { token } })
    for (const token of [own.token, other.token, 'x', '']) {
      expect(await revoke(token)).toMatchObject({
        status: 403,
        body: { error: { message: expect.stringContaining('rotated out') } },
      })
    }
    expect((await revoke(outgoing)).status).toBe(204)
    expect((await latchkey.verify(outgoing)).ok).toBe(false)
    for (const { token } of [own, other]) expect((await latchkey.verify(token)).ok).toBe(true)
    expect(await latchkey.get(own.id)).not.toHaveProperty('previousSecret')
  })

  test('is ended alone when another caller presents it', async () => {
    const { latchkey, other, own, outgoing } = await stage(['a'])
    expect((await call(latchkey, { line: 'POST /revoke', by: other.token, body: { token: outgoing } })).status).toBe(
      204,
    )
    expect((await latchkey.verify(outgoing)).ok).toBe(false)
    expect((await latchkey.verify(own.token)).ok).toBe(true)
  })

  test('lists and looks up, and creates nothing', async () => {
    const { latchkey, outgoing, own } = await stage(['*'])
    expect((await call(latchkey, { line: 'GET /', by: outgoing })).status).toBe(200)
    const body = { token: own.token }
    expect((await call(latchkey, { line: 'POST /lookup', by: outgoing, body })).status).toBe(200)
    const child = { name: 'n', scopes: ['a'] }
    expect((await call(latchkey, { line: 'POST /', by: outgoing, body: child })).status).toBe(403)
  })
})

describe('what the host takes from a token’s power over itself', () => {
  test.each<[string, 'rotate' | 'delete', readonly string[]]>([
    ['rotation', 'rotate', ['POST /self/rotate', 'POST /self/rotate/finish', 'POST /self/rotate/cancel']],
    ['deletion', 'delete', ['DELETE /self']],
  ])('%s', async (_, option, lines) => {
    const { latchkey, by, records } = await stage(['a'])
    const before = await records()
    const options = { self: { [option]: false } }
    for (const line of lines) expect((await call(latchkey, { line, by, options })).status, line).toBe(403)
    expect((await call(latchkey, { line: 'GET /self', by, options })).status).toBe(200)
    expect(await records()).toEqual(before)
    for (const line of lines) {
      const full = await stage(['a', 'apiTokens.write'])
      expect((await call(full.latchkey, { line, by: full.by, options })).status, line).toBeLessThan(300)
    }
  })

  test('is told by the description', async () => {
    const { latchkey } = testInstance()
    const exempt = async (self: { rotate?: boolean; delete?: boolean }) => {
      const answer = await call(latchkey, { line: 'GET /openapi.json', options: { self, dialect: 'latchkey' } })
      const { paths } = answer.body as { paths: Record<string, Record<string, Described>> }
      const operations = Object.values(paths).flatMap((item) => Object.values(item))
      const told = operations.filter(({ description }) => description?.includes('needs no scope to do this to itself'))
      return told.map(({ operationId }) => operationId).sort()
    }
    expect(await exempt({})).toEqual(['cancel', 'delete', 'finish', 'get', 'rotate'])
    expect(await exempt({ rotate: false })).toEqual(['delete', 'get'])
    expect(await exempt({ delete: false })).toEqual(['cancel', 'finish', 'get', 'rotate'])
  })
})

interface Described {
  readonly operationId: string
  readonly description?: string
}
