import { describe, expect, test } from 'vitest'
import type { DialectName } from '../../src/index.js'
import { call } from '../support/call.js'
import { testInstance } from '../support/instance.js'

/** What other systems took for something that it is not, as JSON texts: `__proto__` survives in them. */
const JUNK = [
  ...['{"$ne": null}', '{"$gt": ""}', '{"__proto__": {"polluted": true}}', '{"toString": "x", "valueOf": 1}'],
  ...[
    '{"length": 1, "0": "a"}',
    '[]',
    '[[]]',
    '[null]',
    '[{"$ne": null}]',
    '["__proto__"]',
    'true',
    'false',
    '0',
    '-1',
  ],
  ...[
    '1e400',
    '1.5',
    '9007199254740993',
    '""',
    '" "',
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '["\\udfff"]',
    '"__proto__"',
  ],
  ...['"constructor"', '"[object Object]"', '"null"', '"*\\n"', '"../../etc"', '"\'; DROP TABLE tokens; --"'],
  ...[JSON.stringify('x'.repeat(60_000)), JSON.stringify(['x'.repeat(60_000)]), JSON.stringify(Array(5000).fill('a'))],
  `${'['.repeat(5000)}${']'.repeat(5000)}`,
  `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
]

interface Target {
  readonly dialect: DialectName
  readonly line: string
  /** A body that is accepted. */
  readonly good: Readonly<Record<string, unknown>>
  /** Its members, and those that may be added. */
  readonly members: readonly string[]
}

const CREATE = { name: 'n', scopes: ['a'] }
const TARGETS: readonly Target[] = [
  {
    ...{ dialect: 'dynatrace', line: 'POST /', good: CREATE },
    members: [
      'name',
      'scopes',
      'expirationDate',
      'personalAccessToken',
      'allowedCIDRBlocks',
      'additionalMetadata',
      'enabled',
      'owner',
    ],
  },
  {
    ...{ dialect: 'dynatrace', line: 'PUT /{id}', good: {} },
    members: ['name', 'scopes', 'allowedCIDRBlocks', 'additionalMetadata', 'enabled'],
  },
  {
    ...{ dialect: 'dynatrace', line: 'POST /{id}/rotate', good: {} },
    members: ['previousSecretExpirationDate', 'expirationDate'],
  },
  { dialect: 'dynatrace', line: 'POST /lookup', good: { token: 'x' }, members: ['token'] },
  { dialect: 'dynatrace', line: 'POST /revoke', good: { token: 'x' }, members: ['token'] },
  { dialect: 'dynatrace', line: 'POST /{id}/rotate/finish', good: {}, members: [] },
  {
    ...{ dialect: 'panther', line: 'POST /', good: { name: 'n', permissions: ['a'] } },
    members: ['name', 'permissions', 'allowedCIDRBlocks', 'expiresAt'],
  },
  {
    ...{ dialect: 'panther', line: 'POST /{id}', good: { name: 'n', permissions: ['a'] } },
    members: ['name', 'permissions', 'allowedCIDRBlocks'],
  },
]

/** The texts of the list above that are what a member may be, odd as they look. */
function acceptable(member: string, json: string): boolean {
  const value: unknown = JSON.parse(json)
  switch (member) {
    case 'name':
    case 'owner':
      return typeof value === 'string' && value.length < 200 && !/^$|\p{Cc}|\p{Cs}/u.test(value.trim())
    case 'token':
      return typeof value === 'string'
    case 'scopes':
    case 'permissions':
      return json === '["__proto__"]'
    case 'allowedCIDRBlocks':
      return json === '[]'
    case 'enabled':
    case 'personalAccessToken':
      return typeof value === 'boolean'
    case 'additionalMetadata':
      return json.startsWith('{') && !/__proto__|\{"a":\{/.test(json)
    default:
      return false
  }
}

async function stage() {
  const setup = testInstance()
  const { token: by } = await setup.latchkey.create({ name: 'root', owner: 'ada', scopes: ['*'] })
  const { id } = await setup.latchkey.create({ name: 'n', owner: 'ada', scopes: ['a'] })
  return { ...setup, by, id }
}

const message = (body: unknown) => JSON.stringify(body)

describe.each(TARGETS)('$dialect $line', ({ dialect, line, good, members }) => {
  test.each(members)('%s', async (member) => {
    const { latchkey, records, by, id } = await stage()
    const before = await records()
    for (const json of JUNK) {
      if (acceptable(member, json)) continue
      const raw = async (): Promise<unknown> =>
        JSON.parse(
          `{${[...Object.entries(good), [member]]
            .filter(([name]) => name !== member)
            .map(([name, given]) => `${JSON.stringify(name)}:${JSON.stringify(given)},`)
            .join('')}${JSON.stringify(member)}:${json}}`,
        )
      const answer = await call(latchkey, { line: line.replace('{id}', id), by, body: {}, raw, dialect })
      expect([answer.status, json.slice(0, 60)]).toEqual([400, json.slice(0, 60)])
      expect(message(answer.body)).toContain(member)
      expect(message(answer.body).length).toBeLessThan(200_000)
    }
    const strip = (record: object) => ({ ...record, lastUsedAt: 0 })
    expect((await records()).map(strip)).toEqual(before.map(strip))
    expect({}).not.toHaveProperty('polluted')
  })

  test('bodies that are no objects, and members that are none', async () => {
    const { latchkey, records, by, id } = await stage()
    const before = (await records()).length
    for (const json of ['null', 'true', '1', '"x"', '[]', '[{"name":"n"}]']) {
      const raw = async (): Promise<unknown> => JSON.parse(json)
      expect((await call(latchkey, { line: line.replace('{id}', id), by, body: {}, raw, dialect })).status).toBe(400)
    }
    for (const name of [
      '__proto__',
      'constructor',
      'prototype',
      'hasOwnProperty',
      'isAdmin',
      'caller',
      '',
      'secrets',
      'version',
    ]) {
      const raw = async (): Promise<unknown> =>
        JSON.parse(`{"${name}": {"polluted": true}, ${JSON.stringify(good).slice(1, -1) || '"y": 1'}}`)
      const answer = await call(latchkey, { line: line.replace('{id}', id), by, body: {}, raw, dialect })
      expect([name, answer.status]).toEqual([name, 400])
      expect(message(answer.body)).toContain(
        dialect === 'panther' && name !== '' ? `${name}: There is no` : 'There is no such member',
      )
    }
    expect(await records()).toHaveLength(before)
    expect({}).not.toHaveProperty('polluted')
  })
})

test('what an object inherits counts for nothing', async () => {
  const { latchkey, by, records } = await stage()
  const before = (await records()).length
  const inherited: unknown = Object.create({ name: 'n', scopes: ['*'], owner: 'bob' })
  const answer = await call(latchkey, { line: 'POST /', by, body: {}, raw: async () => inherited })
  expect(answer.status).toBe(400)
  expect(await records()).toHaveLength(before)
})

test('read-only members of the resource, sent back as they came, are ignored', async () => {
  const { latchkey, by, id } = await stage()
  await latchkey.update(id, { networks: ['10.0.0.0/8'], metadata: { a: 1 } })
  await latchkey.rotate(id, { previousExpiresAt: 'now+1h', expiresAt: 'now+2h' })
  const before = await latchkey.get(id)
  const resource = (await call(latchkey, { line: `GET /${id}`, by })).body
  expect((await call(latchkey, { line: `PUT /${id}`, by, body: resource })).status).toBe(204)
  expect(await latchkey.get(id)).toEqual(before)
  const all = { ...(resource as object), owner: 'bob', personalAccessToken: true, creationDate: '1970', id: 'x' }
  expect((await call(latchkey, { line: `PUT /${id}`, by, body: all })).status).toBe(204)
  expect(await latchkey.get(id)).toEqual(before)
  const seen = (await call(latchkey, { line: `GET /${id}`, by, dialect: 'panther' })).body
  const sent = { ...(seen as object), value: 'x', createdBy: {}, updatedBy: {}, expiresAt: 'never' }
  expect((await call(latchkey, { line: `POST /${id}`, by, body: sent, dialect: 'panther' })).status).toBe(200)
  expect(await latchkey.get(id)).toEqual(before)
})

test('every violation of a body is told at once, in the words of the dialect', async () => {
  const { latchkey, by, records } = await stage()
  const before = (await records()).length
  const answer = await call(latchkey, {
    ...{ line: 'POST /', by },
    body: {
      name: '',
      scopes: ['a', 'a', 'b c'],
      allowedCIDRBlocks: ['1.2.3.4'],
      expirationDate: 0,
      additionalMetadata: [],
      x: 1,
    },
  })
  const { error } = answer.body as { error: { constraintViolations: { path: string }[] } }
  expect(error.constraintViolations.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      'name',
      'scopes[1]',
      'scopes[2]',
      'allowedCIDRBlocks[0]',
      'expirationDate',
      'additionalMetadata',
      'x',
    ]),
  )
  expect(error.constraintViolations).toHaveLength(7)
  const panther = await call(latchkey, {
    ...{ line: 'POST /', by, dialect: 'panther' },
    body: { name: '', permissions: ['b c'], allowedCIDRBlocks: ['1.2.3.4'], expiresAt: 0, scopes: [] },
  })
  for (const path of ['name', 'permissions[0]', 'allowedCIDRBlocks[0]', 'expiresAt', 'scopes']) {
    expect(message(panther.body)).toContain(`${path}: `)
  }
  expect(await records()).toHaveLength(before)
})

test('excess is told in the words of the dialect too', async () => {
  const { latchkey } = testInstance()
  const limits = { scopes: ['apiTokens.write', 'a'], networks: ['192.0.2.0/24'], expiresAt: 'now+1h' }
  const { token: by } = await latchkey.create({ name: 'n', owner: 'ada', ...limits })
  const { id } = await latchkey.create({
    name: 'n',
    owner: 'ada',
    scopes: ['z', 'apiTokens.read'],
    networks: ['10.0.0.0/8'],
  })
  const rotate = await call(latchkey, { line: `POST /${id}/rotate`, by })
  expect(message(rotate.body)).toMatch(/"scopes\[0\]".*"scopes\[1\]".*"allowedCIDRBlocks\[0\]".*"expirationDate"/)
  const cancel = await call(latchkey, { line: `POST /${id}/rotate/cancel`, by })
  expect(cancel.body).toEqual(rotate.body)
  const update = await call(latchkey, { line: `PUT /${id}`, by, body: { allowedCIDRBlocks: ['192.0.2.0/25'] } })
  expect(message(update.body)).toContain('"expirationDate"')
  expect(message(update.body)).not.toContain('expiresAt')
  const panther = await call(latchkey, { line: `POST /${id}/rotate`, by, dialect: 'panther' })
  expect(message(panther.body)).toMatch(/ permissions\[0\]: .* allowedCIDRBlocks\[0\]: .* expiresAt: /)
})
