// What our own dialect adds: merge patches, what a caller may grant, and problems. (Its whole contract runs on every adapter.)
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Caller } from '../../src/index.js'
import { mergePatch } from '../../src/manage/update.js'
import { type Answered, type Call, call } from '../support/call.js'
import { DAY, hostCaller, NOW, testInstance } from '../support/instance.js'

const by = (caller: Caller): Partial<Call> => ({ dialect: 'latchkey', authorize: () => caller })
const ADMIN = by({ owner: 'root', scopes: ['*'] })
const violated = ({ body }: Answered) =>
  ((body as { violations?: { path: string }[] }).violations ?? []).map(({ path }) => path)

describe('a merge patch', () => {
  // RFC 7396, appendix A, those whose patch is an object.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [undefined, {}, {}],
  ])('%j, patched with %j', (target, patch, merged) => {
    expect(mergePatch(target, patch)).toEqual(merged)
  })

  test('leaves target and patch alone, and touches no prototype', () => {
    fc.assert(
      fc.property(fc.object(), fc.object(), (target, patch) => {
        const before = structuredClone({ target, patch })
        mergePatch(target, patch)
        expect({ target, patch }).toEqual(before)
      }),
    )
    expect(mergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}'))).not.toHaveProperty('polluted')
  })

  test('is judged by what it makes of the metadata, in size and in right', async () => {
    const { latchkey, create, records } = testInstance()
    const { id } = await create({ metadata: { long: 'x'.repeat(3_000) } })
    const before = await records()
    const patch = (body: object, whom = ADMIN) => call(latchkey, { line: `PATCH /${id}`, body, ...whom })
    expect(violated(await patch({ metadata: { more: 'x'.repeat(2_000) } }))).toEqual(['metadata'])
    // No admin right: the same metadata changes nothing, and so do parts of it.
    const writer = by({ owner: 'o', scopes: ['a', 'apiTokens.write'] })
    expect(await patch({ metadata: {} }, writer)).toMatchObject({ status: 200 })
    expect(await patch({ metadata: { other: null } }, writer)).toMatchObject({ status: 200 })
    for (const metadata of [null, { long: null }, { a: 1 }]) {
      const refused = await patch({ metadata }, writer)
      expect(refused).toMatchObject({ status: 403, body: { code: 'ERR_NOT_ALLOWED' } })
      expect(violated(refused)).toEqual(['metadata'])
    }
    expect(await records()).toEqual(before)
    expect(await patch({ metadata: { long: null, a: 1 } })).toMatchObject({ body: { metadata: { a: 1 } } })
  })

  test('takes an expiry away only from who may outlive it, and never from an expired token', async () => {
    const { latchkey, create, clock, records } = testInstance()
    const { id } = await create({ expiresAt: NOW + DAY, owner: 'ada' })
    const before = await records()
    const patch = (caller: Partial<Caller>) => {
      const whom = by({ owner: 'ada', scopes: ['a', 'apiTokens.write'], ...caller })
      return call(latchkey, { line: `PATCH /${id}`, body: { expiresAt: null }, ...whom })
    }
    const outlives = await patch({ expiresAt: NOW + 2 * DAY })
    expect([outlives.status, violated(outlives)]).toEqual([403, ['expiresAt']])
    const stranger = await patch({ owner: 'bob' })
    expect([stranger.status, violated(stranger)]).toEqual([403, ['owner']])
    expect(await records()).toEqual(before)
    clock.now = NOW + DAY
    expect(await patch({})).toMatchObject({ status: 400, body: { code: 'ERR_STATE' } })
    expect(await records()).toEqual(before)
    clock.now = NOW
    const lifted = await patch({})
    expect(lifted).toMatchObject({ status: 200 })
    expect(lifted.body).not.toHaveProperty('expiresAt')
  })

  test('that asks for no expiry is refused where every token expires, unless the token has none', async () => {
    const { latchkey, create, data } = testInstance()
    const { id } = await create()
    const strict = testInstance({ data, maxLifetime: DAY }).latchkey
    const line = `PATCH /${id}`
    expect(await call(strict, { line, body: { expiresAt: null, name: 'x' }, ...ADMIN })).toMatchObject({ status: 200 })
    expect(await call(latchkey, { line, body: { expiresAt: NOW + DAY }, ...ADMIN })).toMatchObject({ status: 200 })
    const refused = await call(strict, { line, body: { expiresAt: null, owner: 'x', nothing: 1 }, ...ADMIN })
    expect([refused.status, violated(refused)]).toEqual([400, ['nothing', 'expiresAt', 'owner']])
  })
})

describe('capabilities', () => {
  const scopes = { 'reports.read': 'Read reports', 'reports.write': 'Write reports' }
  const ask = async (set: ReturnType<typeof testInstance>, more: Partial<Call>) =>
    (await call(set.latchkey, { line: 'GET /capabilities', dialect: 'latchkey', ...more })).body

  test('name the declared scopes that the caller may grant, with their descriptions', async () => {
    const set = testInstance({ scopes, maxLifetime: DAY, maxOverlap: 1_000 })
    const caller = { owner: 'ada', scopes: ['reports.*', 'apiTokens.write'], networks: ['192.0.2.0/24'] }
    expect(await ask(set, by({ ...caller, personal: true, expiresAt: NOW + DAY }))).toEqual({
      ...{ owner: 'ada', personal: true, may: { read: false, write: true, admin: false }, usesResources: false },
      scopes: [
        { scope: 'apiTokens.write', description: 'Write API tokens' },
        { scope: 'reports.read', description: 'Read reports' },
        { scope: 'reports.write', description: 'Write reports' },
      ],
      ...{ networks: ['192.0.2.0/24'], resources: [], expiresAt: new Date(NOW + DAY).toISOString() },
      ...{ maxLifetime: DAY, maxOverlap: 1_000 },
    })
  })

  test('without declared scopes name those that the caller holds, and none if it may not write', async () => {
    const set = testInstance()
    const held = { owner: 'ada', scopes: ['reports.*', 'apiTokens.write'] }
    expect(await ask(set, by(held))).toMatchObject({
      scopes: [
        { scope: 'reports.*', description: '' },
        { scope: 'apiTokens.write', description: '' },
      ],
    })
    expect(await ask(set, by({ owner: 'ada', scopes: ['reports.*'] }))).toMatchObject({ scopes: [] })
  })

  test('of a personal token are what its owner may do too, and of an outgoing secret to read', async () => {
    const set = testInstance({ scopes, ownerScopes: async () => ['reports.read', 'apiTokens.*'] })
    const { id, token } = await set.create({ scopes: ['*'], personal: true })
    const names = async (presented: string) =>
      ((await ask(set, { by: presented })) as { scopes: { scope: string }[] }).scopes.map(({ scope }) => scope)
    expect(await names(token)).toEqual(['apiTokens.read', 'apiTokens.write', 'apiTokens.admin', 'reports.read'])
    await set.latchkey.rotate(id, { previousExpiresAt: NOW + DAY })
    expect(await ask(set, { by: token })).toMatchObject({ may: { read: true, write: false, admin: false }, scopes: [] })
  })
})

test('explain for a caller: what it does not see does not exist, and the audit of reads tells of both', async () => {
  const entries: unknown[] = []
  const { latchkey, create } = testInstance({
    audit: { reads: true },
    onAudit: ({ action, outcome, token }) => void (action === 'explain' && entries.push([outcome, token?.id])),
  })
  const { id } = await create({ owner: 'bob' })
  const bound = hostCaller({ personal: true })
  await expect(latchkey.explain({ id }, bound)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  await expect(latchkey.explain({ id: 'x' }, hostCaller())).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  await expect(
    latchkey.explain({ id }, { caller: { owner: 'bob', scopes: ['apiTokens.write'] } }),
  ).rejects.toMatchObject({ code: 'ERR_NOT_ALLOWED' })
  expect((await latchkey.explain({ id }, hostCaller())).allowed).toBe(true)
  expect((await latchkey.explain({ id: 'x' })).allowed).toBe(false)
  expect(entries).toEqual([
    ['refused', id],
    ['refused', undefined],
    ['refused', undefined],
    ['done', id],
    ['done', undefined],
  ])
})

test('a list whose filters would not fit into a cursor is refused', async () => {
  const { latchkey } = testInstance()
  const list = (count: number) => {
    const scopes = Array.from({ length: count }, (_, i) => `scope=${'x'.repeat(90)}${i}`).join('&')
    return call(latchkey, { line: `GET /?${scopes}`, ...ADMIN })
  }
  expect((await list(60)).status).toBe(200)
  const refused = await list(70)
  expect([refused.status, violated(refused)]).toEqual([400, ['']])
})

test('a cursor of another dialect is refused', async () => {
  const { latchkey, create } = testInstance()
  for (let i = 0; i < 101; i++) await create()
  const first = (await call(latchkey, { line: 'GET /?pageSize=100', ...ADMIN, dialect: 'dynatrace' })).body
  const { nextPageKey } = first as { nextPageKey: string }
  const refused = await call(latchkey, { line: `GET /?cursor=${nextPageKey}`, ...ADMIN })
  expect([refused.status, violated(refused)]).toEqual([400, ['cursor']])
})
