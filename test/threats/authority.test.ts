// What a valid token, its outgoing secret, and callers in process may not do.
import type { Caller, IssuedToken } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import { FRAMEWORKS, type Scene, scene } from './scene.js'

const FULL = { owner: 'root', scopes: ['*'] }

interface Rotating {
  readonly outgoing: string
  readonly current: IssuedToken
}

async function rotating({ issue, latchkey }: Scene, input: object = FULL): Promise<Rotating> {
  const { id, token } = await issue(input)
  return { outgoing: token, current: await latchkey.rotate(id, { previousExpiresAt: 'now+1h' }) }
}

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test('26 an outgoing secret reads, finishes its own rotation and ends itself, and does nothing else', async () => {
    const host = await scene(framework)
    const { call, issue, latchkey, records } = host
    const other = await rotating(host)
    const { outgoing, current } = await rotating(host)
    const child = { name: 'n', scopes: ['a'] }
    const panther = { name: 'n', permissions: ['a'] }
    const late = { previousSecretExpirationDate: 'now+2h' }
    const { id } = current
    const before = JSON.stringify((await records()).map(withoutUse))
    const refused: readonly (readonly [method: string, path: string, body?: object])[] = [
      ['POST', '/tokens', child],
      ['POST', '/panther', panther],
      ['POST', '/latchkey/revoke-all', { owner: 'root' }],
      ['PUT', '/tokens/self', { name: 'x' }],
      ['POST', '/panther/self', panther],
      ['DELETE', '/tokens/self'],
      ['DELETE', '/panther/self'],
      ...['self', id, other.current.id].flatMap((named) => [
        ['PUT', `/tokens/${named}`, { name: 'x' }] as const,
        ['PUT', `/tokens/${named}`, { enabled: false }] as const,
        ['PUT', `/tokens/${named}`, { expirationDate: 'now+1h' }] as const,
        ['DELETE', `/tokens/${named}`] as const,
        ['POST', `/tokens/${named}/rotate`] as const,
        ['POST', `/tokens/${named}/rotate`, late] as const,
        ['POST', `/tokens/${named}/rotate/cancel`] as const,
        ['POST', `/panther/${named}`, panther] as const,
        ['DELETE', `/panther/${named}`] as const,
        ['POST', `/panther/${named}/rotate`] as const,
      ]),
      ['POST', `/tokens/${other.current.id}/rotate/finish`],
      ['DELETE', `/secret-in-path/${current.token}`],
      ['DELETE', `/secret-in-path/${outgoing}`],
      ['DELETE', `/secret-in-path/${other.current.token}`],
      ...[current.token, other.current.token, other.outgoing, 'x'].map(
        (token) => ['POST', '/tokens/revoke', { token }] as const,
      ),
    ]
    for (const [method, path, body] of refused) {
      const reply = await call(method, path, outgoing, { body })
      expect([method, path, reply.status]).toEqual([method, path, 403])
      expect(reply.text).toContain('rotated out')
    }
    expect(JSON.stringify((await records()).map(withoutUse))).toBe(before)
    for (const [method, path, body] of [
      ['GET', '/tokens'],
      ['GET', '/tokens/self'],
      ['GET', `/tokens/${other.current.id}`],
      ['GET', '/panther'],
      ['POST', '/tokens/lookup', { token: current.token }],
      ['GET', '/reports.read'],
    ] as const) {
      expect([path, (await call(method, path, outgoing, { body })).status]).toEqual([path, 200])
    }
    const alive = async (token: string) => (await latchkey.verify(token)).ok
    // It ends itself, and its token lives on.
    expect((await call('POST', '/tokens/revoke', outgoing, { body: { token: outgoing } })).status).toBe(204)
    expect([await alive(outgoing), await alive(current.token)]).toEqual([false, true])
    // Its token needs no scope to finish its own rotation, by its id or as self.
    for (const named of ['self', 'id']) {
      const poor = await rotating(host, { scopes: ['a'] })
      const path = `/tokens/${named === 'id' ? poor.current.id : named}/rotate/finish`
      expect((await call('POST', path, poor.outgoing)).status).toBe(204)
      expect([await alive(poor.outgoing), await alive(poor.current.token)]).toEqual([false, true])
    }
    // A secret that becomes the outgoing one while its request is under way may not go on.
    const racer = await issue(FULL)
    const [late1, late2] = await Promise.all([
      call('POST', '/tokens/self/rotate', racer.token, { body: late }),
      call('POST', '/tokens/self/rotate', racer.token, { body: late }),
    ])
    const [won, lost] = late1.status === 200 ? [late1, late2] : [late2, late1]
    expect(won.status).toBe(200)
    expect([400, 403, 409]).toContain(lost.status)
  })

  test('26 an overlap is at most maxOverlap, and self-service is what the host allows', async () => {
    const routes = { self: { rotate: false, delete: false } }
    const { call, issue } = await scene(framework, { maxOverlap: 3_600_000 }, { routes })
    const poor = await issue()
    const writer = await issue({ scopes: ['apiTokens.write', 'reports.read'] })
    for (const [method, path] of [
      ['POST', '/tokens/self/rotate'],
      ['POST', `/tokens/${poor.id}/rotate`],
      ['POST', '/tokens/self/rotate/finish'],
      ['POST', '/tokens/self/rotate/cancel'],
      ['DELETE', '/tokens/self'],
      ['POST', '/panther/self/rotate'],
      ['DELETE', '/panther/self'],
    ] as const) {
      expect([path, (await call(method, path, poor.token)).status]).toEqual([path, 403])
    }
    expect((await call('GET', '/tokens/self', poor.token)).status).toBe(200)
    const rotate = async (until: string) => {
      const body = { previousSecretExpirationDate: until }
      return (await call('POST', '/tokens/self/rotate', writer.token, { body })).status
    }
    expect([await rotate('now+61m'), await rotate('now+60m')]).toEqual([400, 200])
  })

  test('23 a caller who becomes bound to its owner while it is judged changes nothing of others', async () => {
    let personal = false
    const { call, issue, records, latchkey } = await scene(
      framework,
      {
        onAudit({ outcome }) {
          if (outcome === 'begun') personal = true
        },
      },
      { routes: { authorize: () => ({ owner: 'alice', scopes: ['*'], personal }) } },
    )
    const { id } = await issue({ owner: 'bob' })
    const { token } = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    const before = await records()
    for (const [method, path, body] of [
      ['PUT', `/tokens/${id}`, { name: 'x' }],
      ['POST', `/tokens/${id}/rotate`],
      ['POST', `/tokens/${id}/rotate/finish`],
      ['POST', `/tokens/${id}/rotate/cancel`],
      ['POST', '/tokens/revoke', { token }],
      ['DELETE', `/tokens/${id}`],
      ['DELETE', `/secret-in-path/${token}`],
    ] as const) {
      personal = false
      expect([method, path, (await call(method, path, undefined, { body })).status]).toEqual([method, path, 404])
    }
    expect(await records()).toEqual(before)
  })

  test('23 nobody revokes tokens of others by a filter without the admin right', async () => {
    const { call, issue, latchkey, records } = await scene(framework)
    const networks = ['127.0.0.0/8']
    await issue({ owner: 'bob' })
    const callers = {
      weak: await issue({ scopes: ['apiTokens.write'] }),
      bound: await issue({ scopes: ['apiTokens.write'], networks, resources: ['p:1'] }),
      personal: await issue({ scopes: ['*'], personal: true }),
      'who only reads': await issue({ scopes: ['apiTokens.read', 'apiTokens.admin'] }),
    }
    const before = JSON.stringify((await records()).map(withoutUse))
    for (const [name, { token }] of Object.entries(callers)) {
      for (const owner of ['bob', 'nobody', 'BOB', 'bob ']) {
        const reply = await call('POST', '/latchkey/revoke-all', token, { body: { owner } })
        expect([name, owner, reply.status]).toEqual([name, owner, 403])
      }
    }
    expect(JSON.stringify((await records()).map(withoutUse))).toBe(before)
    // What names no owner reaches the own tokens alone, and not the one that calls.
    const everything = { body: { createdAfter: 0 } }
    const revoked = await call('POST', '/latchkey/revoke-all', callers.bound.token, everything)
    expect(revoked.json()).toEqual({ revoked: 3, remaining: 0 })
    expect((await records()).map(({ owner }) => owner)).toEqual(['bob', 'alice'])
    const admin = await issue({ owner: 'root', scopes: ['apiTokens.write', 'apiTokens.admin'] })
    expect((await call('POST', '/latchkey/revoke-all', admin.token, everything)).json()).toMatchObject({ revoked: 2 })
    expect((await latchkey.list()).tokens.map(({ id }) => id)).toEqual([admin.id])
  })

  test('29 metadata, by which a host may authorise, is written by the host and by the admin right alone', async () => {
    let signedIn: Caller | undefined
    const { call, issue, latchkey } = await scene(framework, {}, { routes: { authorize: () => signedIn } })
    const scopes = ['apiTokens.read', 'apiTokens.write', 'reports.read']
    const metadata = { tenant: 'a', limits: { rate: 1, burst: 2 } }
    const own = await issue({ scopes, metadata })
    const personal = await issue({ scopes, metadata, personal: true })
    const bare = await issue({ scopes })
    const user: Caller = { owner: 'alice', scopes }
    const put = async (by: string | undefined, id: string, additionalMetadata: unknown) =>
      (await call('PUT', `/tokens/${id}`, by, { body: { additionalMetadata } })).status
    const changes = [{}, { tenant: 'b' }, { ...metadata, limits: { rate: 9, burst: 2 } }, { ...metadata, extra: null }]
    for (const by of [own.token, personal.token, bare.token, undefined]) {
      signedIn = by === undefined ? user : undefined
      for (const additionalMetadata of changes) {
        const body = { name: 'n', scopes: ['reports.read'], additionalMetadata }
        expect((await call('POST', '/tokens', by, { body })).status).toBe(403)
        for (const { id } of [own, personal]) expect(await put(by, id, additionalMetadata)).toBe(403)
        expect(await put(by, bare.id, additionalMetadata)).toBe(403)
      }
      // What is sent back as it was changes nothing, in whatever order its members come.
      expect(await put(by, own.id, { limits: { burst: 2, rate: 1 }, tenant: 'a' })).toBe(204)
      const shown = (await call('GET', `/tokens/${own.id}`, by)).json<object>()
      expect((await call('PUT', `/tokens/${own.id}`, by, { body: { ...shown, name: 'renamed' } })).status).toBe(204)
    }
    for (const input of [{ metadata: { tenant: 'b' } }, { metadata: {} }]) {
      await expect(latchkey.update(own.id, input, { caller: user })).rejects.toMatchObject({
        violations: [{ path: 'metadata', dimension: 'metadata' }],
      })
    }
    expect((await latchkey.get(own.id)).metadata).toEqual(metadata)
    expect(await latchkey.get(bare.id)).not.toHaveProperty('metadata')
    const admin = await issue({ owner: 'root', scopes: ['*'] })
    signedIn = undefined
    expect(await put(admin.token, own.id, { tenant: 'b' })).toBe(204)
    signedIn = { ...user, assignOwner: true }
    expect(await put(undefined, bare.id, { tenant: 'c' })).toBe(204)
    await latchkey.update(personal.id, { metadata: { tenant: 'd' } })
    const written = await Promise.all([own, bare, personal].map(async ({ id }) => (await latchkey.get(id)).metadata))
    expect(written).toEqual([{ tenant: 'b' }, { tenant: 'c' }, { tenant: 'd' }])
  })
})

const withoutUse = ({
  lastUsedAt: _,
  lastUsedIp: __,
  secrets,
  ...record
}: Awaited<ReturnType<Scene['records']>>[number]) => ({
  ...record,
  secrets: secrets.map(({ gen, hash, until }) => ({ gen, hash, until })),
})
