import { describe, expect, test } from 'vitest'
import type { UpdateInput } from '../../src/index.js'
import { hostCaller, MINUTE, NOW, testInstance, twoInstances } from '../support/instance.js'
import { refused } from '../support/outcome.js'

const GOOD = {
  name: 'nightly',
  owner: 'ada',
  scopes: ['reports.read'],
  networks: ['10.0.0.0/8'],
  metadata: { team: 'a', size: 1 },
}

async function created(options: Parameters<typeof testInstance>[0] = {}) {
  const setup = testInstance(options)
  const issued = await setup.latchkey.create(GOOD)
  setup.clock.now += MINUTE
  return { ...setup, ...issued }
}

describe('input', () => {
  test.each<[string, object, ...string[]]>([
    ['name empty', { name: ' ' }, 'name'],
    ['name with NUL', { name: '\u0000x' }, 'name'],
    ['scopes empty', { scopes: [] }, 'scopes'],
    ['a scope twice', { scopes: ['a', 'a'] }, 'scopes[1]'],
    ['enabled a text', { enabled: 'false' }, 'enabled'],
    ['networks with a bare address', { networks: ['10.0.0.1'] }, 'networks[0]'],
    ['metadata a list', { metadata: [] }, 'metadata'],
    ['the owner', { owner: 'bob' }, 'owner'],
    ['personal', { personal: true }, 'personal'],
    ['an expiry in the past', { expiresAt: 'now-1d' }, 'expiresAt'],
    ['an expiry that is none', { expiresAt: 'tomorrow' }, 'expiresAt'],
    ['the id', { id: 'lk.X' }, 'id'],
    ['secrets', { secrets: [] }, 'secrets'],
    ['all at once', { name: 1, scopes: ['a', 'a', 'b c'], foo: 1 }, 'foo', 'name', 'scopes[1]', 'scopes[2]'],
  ])('%s is refused by its place, and nothing is written', async (_, input, ...paths) => {
    const { latchkey, records, id } = await created()
    const before = await records()
    expect(await refused(latchkey.update(id, input))).toEqual({ code: 'ERR_INVALID_INPUT', paths })
    expect(await records()).toEqual(before)
  })

  test('absent and null members stay, empty lists and objects replace', async () => {
    const { latchkey, id, apiToken, records } = await created()
    const before = await records()
    const nothing = { name: null, enabled: null, scopes: null, networks: null, metadata: null }
    expect(await latchkey.update(id, nothing as unknown as UpdateInput)).toEqual(apiToken)
    expect(await latchkey.update(id, {})).toEqual(apiToken)
    expect(await records()).toEqual(before)
    const emptied = await latchkey.update(id, { networks: [], metadata: {} })
    expect(emptied).toMatchObject({ name: 'nightly', networks: [], metadata: {} })
  })
})

describe('the time of modification', () => {
  test.each<[string, UpdateInput, boolean]>([
    ['a new name', { name: 'other' }, true],
    ['other scopes', { scopes: ['reports.*'] }, true],
    ['other networks', { networks: ['10.0.0.0/9'] }, true],
    ['other resources', { resources: ['project:1'] }, true],
    ['other metadata', { metadata: { team: 'b' } }, true],
    ['a name and disabling', { name: 'other', enabled: false }, true],
    ['disabling', { enabled: false }, false],
    ['the same of everything', { ...GOOD, owner: undefined } as UpdateInput, false],
    ['the same name, trimmed', { name: ' nightly ' }, false],
    ['the same metadata in another order', { metadata: { size: 1, team: 'a' } }, false],
  ])('%s: %s moves it: %s', async (_, input, moves) => {
    const { latchkey, id, clock } = await created()
    const { owner: _owner, ...rest } = input as Record<string, unknown>
    const updated = await latchkey.update(id, rest)
    expect(updated.modifiedAt).toBe(moves ? clock.now : undefined)
    expect((await latchkey.get(id)).modifiedAt).toBe(updated.modifiedAt)
  })

  test('use, rotation, its end, enabling and disabling leave it alone', async () => {
    const { latchkey, id, token, clock } = await created()
    const { modifiedAt } = await latchkey.update(id, { name: 'other' })
    clock.now += MINUTE
    await latchkey.update(id, { enabled: false })
    await latchkey.update(id, { enabled: true })
    expect(await latchkey.verify(token, { ip: '10.0.0.1' })).toMatchObject({ ok: true })
    await latchkey.flush()
    await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    await latchkey.cancelRotation(id)
    expect(modifiedAt).toBe(NOW + MINUTE)
    expect(await latchkey.get(id)).toMatchObject({ modifiedAt, lastUsedAt: clock.now, rotatedAt: clock.now })
  })
})

test('a change holds at once on the node that made it', async () => {
  const { latchkey, id, token } = await created()
  const ask = { ip: '10.0.0.1', scopes: ['reports.read'] }
  expect((await latchkey.verify(token, ask)).ok).toBe(true)
  await latchkey.update(id, { networks: ['10.0.0.0/32'] })
  expect(latchkey.verifyCached(token, ask)).toBeUndefined()
  expect(await latchkey.verify(token, ask)).toEqual({ ok: false, denial: { reason: 'network' } })
  await latchkey.update(id, { networks: [], scopes: ['metrics'] })
  expect(await latchkey.verify(token, ask)).toMatchObject({ denial: { reason: 'scope' } })
  await latchkey.update(id, { resources: ['project:1'], scopes: ['reports.read'] })
  expect(await latchkey.verify(token, ask)).toMatchObject({ denial: { reason: 'resource' } })
  expect(await latchkey.verify(token, { ...ask, resources: ['project:1'] })).toMatchObject({ ok: true })
  await latchkey.update(id, { resources: [] })
  expect(await latchkey.verify(token, ask)).toMatchObject({ ok: true })
  await latchkey.update(id, { enabled: false })
  expect(await latchkey.verify(token, ask)).toEqual({ ok: false, denial: { reason: 'disabled' } })
})

test.each(['lk.AAAAAAAAAAAAAAAAAAAAAAAA', 'other.AAAAAAAAAAAAAAAAAAAAAAAA', 'self', '', '../x', 'lk.\u0000'])(
  'an id that is none here: %s',
  async (id) => {
    const { latchkey } = await created()
    const nobody = { code: 'ERR_NOT_FOUND', paths: [] }
    expect(await refused(latchkey.update(id, { name: 'x' }))).toEqual(nobody)
    expect(await refused(latchkey.get(id))).toEqual(nobody)
    expect(await refused(latchkey.delete(id))).toEqual(nobody)
    expect(await refused(latchkey.rotate(id))).toEqual(nobody)
    expect(await refused(latchkey.finishRotation(id))).toEqual(nobody)
    expect(await refused(latchkey.cancelRotation(id))).toEqual(nobody)
  },
)

test('an instance manages the tokens of another prefix in its environment, and knows none under its own', async () => {
  const { id, data } = await created()
  const other = testInstance({ prefix: 'zz', data })
  expect(await other.latchkey.update(id, { name: 'x' })).toMatchObject({ id, name: 'x' })
  expect(await refused(other.latchkey.get(id.replace('lk.', 'zz.')))).toMatchObject({ code: 'ERR_NOT_FOUND' })
  await other.latchkey.delete(id)
  expect(await refused(other.latchkey.get(id))).toMatchObject({ code: 'ERR_NOT_FOUND' })
})

describe('races', () => {
  /** An instance whose reads are followed, so often, by a change that another node makes. */
  async function raced(times: number, change: UpdateInput) {
    const [{ latchkey, store }, other] = twoInstances()
    const { id } = await other.latchkey.create({ ...GOOD, networks: [], enabled: false })
    store.afterFind = async (found) => {
      const finds = store.finds.length
      if (finds <= times) await other.latchkey.update(found, { ...change, metadata: { change: finds } })
    }
    return { latchkey, id, other, store }
  }

  test('a change is made on top of those that came in between', async () => {
    const { latchkey, id, store } = await raced(2, { name: 'theirs' })
    expect(await latchkey.update(id, { scopes: ['a'] })).toMatchObject({
      name: 'theirs',
      metadata: { change: 2 },
      scopes: ['a'],
    })
    expect(store.finds).toHaveLength(3)
  })

  test('after three lost races the caller is told, and nothing of the change is written', async () => {
    const { latchkey, id, store, other } = await raced(3, { name: 'theirs' })
    expect(await refused(latchkey.update(id, { scopes: ['a'] }))).toEqual({ code: 'ERR_RACE', paths: [] })
    expect(store.finds).toHaveLength(3)
    expect(await other.latchkey.get(id)).toMatchObject({ scopes: ['reports.read'], metadata: { change: 3 } })
  })

  test('what came in between is judged too: enabling a token that was widened meanwhile', async () => {
    const { latchkey, id, other } = await raced(1, { scopes: ['admin'] })
    const limited = hostCaller({ scopes: ['reports.*'] })
    expect(await refused(latchkey.update(id, { enabled: true }, limited))).toEqual({
      code: 'ERR_NOT_ALLOWED',
      paths: ['scopes[0]'],
    })
    expect(await other.latchkey.get(id)).toMatchObject({ enabled: false, scopes: ['admin'] })
  })

  test('a token deleted in between is not found', async () => {
    const [{ latchkey, store }, other] = twoInstances()
    const { id } = await other.latchkey.create(GOOD)
    store.afterFind = (found) => other.latchkey.delete(found)
    expect(await refused(latchkey.update(id, { name: 'x' }))).toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  test('of 20 concurrent changes none is lost without its caller being told', async () => {
    const nodes = twoInstances()
    const { id } = await nodes[0].latchkey.create(GOOD)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => nodes[i % 2 === 0 ? 0 : 1].latchkey.update(id, { name: `n${i}` })),
    )
    const won = outcomes.filter(({ status }) => status === 'fulfilled').length
    const [record] = await nodes[0].records()
    expect(won).toBeGreaterThan(0)
    expect(record?.version).toBe(1 + won)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ERR_RACE' })
    }
  })
})
