import { describe, expect, test } from 'vitest'
import type { AuditEntry, Caller, RevokeProgress, TokenFilter } from '../../src/index.js'
import { memoryData } from '../../src/index.js'
import { compareCodePoints } from '../../src/store/sort.js'
import { call } from '../support/call.js'
import { hostCaller, NOW, type TestInstance, testInstance } from '../support/instance.js'
import { published, refused } from '../support/outcome.js'
import { testStore } from '../support/store.js'

const ADMIN: Caller = { owner: 'root', scopes: ['*'] }

/** `count` tokens of each owner, a millisecond apart. */
async function filled(count: number, owners = ['ada', 'bob'], setup: TestInstance = testInstance()) {
  for (let i = 0; i < count; i++) {
    setup.clock.now++
    for (const owner of owners) await setup.create({ name: `${owner}${i}`, owner })
  }
  const left = async () => (await setup.records()).map(({ name }) => name).toSorted(compareCodePoints)
  return { ...setup, left }
}

test('deletes what matches, and nothing else', async () => {
  const { latchkey, create, clock, left } = await filled(2)
  const { token } = await create({ name: 'held', owner: 'ada' })
  expect((await latchkey.verify(token)).ok).toBe(true)
  const deleted = await published('deleted', async () => {
    expect(await latchkey.revokeAll({ owner: 'ada' })).toEqual({ revoked: 3 })
  })
  expect(deleted).toHaveLength(3)
  expect(await latchkey.verify(token)).toEqual({ ok: false, denial: { reason: 'unknown' } })
  expect(await left()).toEqual(['bob0', 'bob1'])
  expect(await latchkey.revokeAll({ owner: 'ada', personal: undefined })).toEqual({ revoked: 0 })
  expect(await latchkey.revokeAll({ created: { to: NOW + 1 }, scopes: ['b', 'a'], enabled: true })).toEqual({
    revoked: 1,
  })
  expect(await latchkey.revokeAll({ unusedSince: clock.now + 1 })).toEqual({ revoked: 1 })
  expect(await left()).toEqual([])
})

test('each token has an audit entry', async () => {
  const { latchkey } = await filled(2)
  const asked: AuditEntry[] = []
  const entries = await published('audit', () => latchkey.revokeAll({ owner: 'bob' }, hostCaller({ owner: 'bob' })))
  expect(entries).toHaveLength(2)
  for (const entry of entries) {
    expect(entry).toMatchObject({ action: 'revokeAll', outcome: 'done', actor: { kind: 'user', owner: 'bob' } })
    expect(entry.token).toMatchObject({ owner: 'bob', name: expect.stringMatching(/^bob[01]$/) })
  }
  const audited = testInstance({ onAudit: (entry) => void asked.push(entry) })
  await audited.create()
  await audited.latchkey.revokeAll({ owner: 'o' })
  expect(asked.slice(2).map(({ action, outcome }) => [action, outcome])).toEqual([
    ['revokeAll', 'begun'],
    ['revokeAll', 'done'],
  ])
})

test('what cannot be audited is not deleted', async () => {
  const setup = testInstance({
    onAudit({ action, token }) {
      if (action === 'revokeAll' && token?.name === 'ada1') throw new Error('the disk is full')
    },
  })
  const { latchkey, left } = await filled(2, ['ada'], setup)
  const entries = await published('audit', async () => {
    await expect(latchkey.revokeAll({ owner: 'ada' })).rejects.toMatchObject({ code: 'ERR_AUDIT' })
  })
  expect(await left()).toEqual(['ada1'])
  expect(entries.at(-1)).toEqual({
    ...{ at: expect.any(Number), environment: 'default', actor: { kind: 'host' } },
    ...{ action: 'revokeAll', outcome: 'failed', code: 'ERR_AUDIT' },
  })
})

describe('a long one', () => {
  test('tells of its progress, and holds a part of the tokens at a time', async () => {
    const data = memoryData()
    const limits: number[] = []
    const store = testStore(data, (opened) => ({
      list(query, options) {
        limits.push(query.limit)
        return opened.list(query, options)
      },
    }))
    const { latchkey, records } = await filled(1_050, ['ada', 'bob'], testInstance({ data, store }))
    const told: RevokeProgress[] = []
    const onProgress = (progress: RevokeProgress) => void told.push(progress)
    expect(await latchkey.revokeAll({ owner: 'ada' }, { onProgress })).toEqual({ revoked: 1_050 })
    expect(told).toEqual([
      { revoked: 0, remaining: 1_050 },
      { revoked: 1_000, remaining: 50 },
      { revoked: 1_050, remaining: 0 },
    ])
    expect(new Set(limits)).toEqual(new Set([1_000]))
    expect(await records()).toHaveLength(1_050)
    // Over HTTP, a request deletes 1,000 at most.
    const line = 'POST /revoke-all'
    const request = { line, dialect: 'latchkey', body: { owner: 'bob' }, authorize: () => ADMIN } as const
    expect((await call(latchkey, request)).body).toEqual({ revoked: 1_000, remaining: 50 })
    expect((await call(latchkey, request)).body).toEqual({ revoked: 50, remaining: 0 })
  })

  test('goes on while others create, until nothing matches', async () => {
    let more = 60
    const setup = testInstance({
      async onAudit({ action, outcome }) {
        if (action === 'revokeAll' && outcome === 'begun' && more-- > 0) await setup.create({ owner: 'ada' })
      },
    })
    const { latchkey, left } = await filled(20, ['ada', 'bob'], setup)
    expect(await latchkey.revokeAll({ owner: 'ada' })).toEqual({ revoked: 80 })
    const names = await left()
    expect([names.length, names.every((name) => name.startsWith('bob'))]).toEqual([20, true])
  })

  test('is stopped by its signal, and started again', async () => {
    const { latchkey, left } = await filled(50, ['ada'])
    const stop = new AbortController()
    const reason = new Error('enough')
    let deleted = 0
    const entries = await published('audit', async () => {
      const stopping = published('deleted', async () => {
        const running = latchkey.revokeAll(
          { owner: 'ada' },
          { signal: stop.signal, onProgress: () => stop.abort(reason) },
        )
        await expect(running).rejects.toBe(reason)
      })
      deleted = (await stopping).length
    })
    expect(deleted).toBe(0)
    expect(entries.at(-1)).toMatchObject({ action: 'revokeAll', outcome: 'failed' })
    expect(await left()).toHaveLength(50)
    expect(await latchkey.revokeAll({ owner: 'ada' }, { signal: undefined })).toEqual({ revoked: 50 })
    await expect(latchkey.revokeAll({ owner: 'ada' }, { signal: stop.signal })).rejects.toBe(reason)
  })

  test('is stopped between two deletions too, and those under way end', async () => {
    const stop = new AbortController()
    let begun = 0
    const setup = testInstance({
      onAudit({ action, outcome }) {
        if (action !== 'revokeAll' || outcome !== 'begun') return
        if (++begun === 3) stop.abort()
      },
    })
    const { latchkey, left } = await filled(50, ['ada'], setup)
    const running = latchkey.revokeAll({ owner: 'ada' }, { signal: stop.signal })
    await expect(running).rejects.toMatchObject({ name: 'AbortError' })
    expect(begun).toBeLessThan(50)
    expect(await left()).toHaveLength(50 - begun)
  })

  test('what onProgress throws stops it', async () => {
    const { latchkey, left } = await filled(1)
    const running = latchkey.revokeAll(
      { owner: 'ada' },
      {
        onProgress() {
          throw new Error('no')
        },
      },
    )
    await expect(running).rejects.toThrow('no')
    const later = latchkey.revokeAll({ owner: 'ada' }, { onProgress: () => Promise.reject(new Error('not now')) })
    await expect(later).rejects.toThrow('not now')
    expect(await left()).toHaveLength(2)
  })
})

describe('lost races', () => {
  test('what somebody else deletes meanwhile is not counted, and no error', async () => {
    const { latchkey, left } = await filled(40, ['ada'])
    const runs = await Promise.all(Array.from({ length: 3 }, () => latchkey.revokeAll({ owner: 'ada' })))
    expect(runs.reduce((sum, { revoked }) => sum + revoked, 0)).toBe(40)
    expect(await left()).toEqual([])
  })

  test('whoever loses every race is told, and does not go on for ever', async () => {
    const data = memoryData()
    let removals = 0
    const store = testStore(data, () => ({ remove: async () => ++removals === 0 }))
    const { latchkey, left } = await filled(2, ['ada'], testInstance({ data, store }))
    expect(await refused(latchkey.revokeAll({ owner: 'ada' }))).toEqual({ code: 'ERR_RACE', paths: [] })
    expect([removals, await left()]).toEqual([6, ['ada0', 'ada1']])
  })

  test('what somebody changes meanwhile is judged as it is then', async () => {
    const setup = testInstance({
      async onAudit({ action, outcome, token }) {
        if (action !== 'revokeAll' || outcome !== 'begun') return
        if (token?.name === 'ada0') await setup.latchkey.update(token.id, { enabled: false })
        if (token?.name === 'ada1') await setup.latchkey.update(token.id, { name: 'renamed' })
      },
    })
    const { latchkey, left } = await filled(3, ['ada'], setup)
    expect(await latchkey.revokeAll({ enabled: true })).toEqual({ revoked: 2 })
    expect(await left()).toEqual(['ada0'])
  })
})

describe('for a caller', () => {
  const writer = { scopes: ['reports.read'] }

  test.each<[string, Partial<Caller>, TokenFilter, string[]]>([
    ['without an owner means its own', writer, { enabled: true }, ['bob0']],
    ['its own by name', writer, { owner: 'ada' }, ['bob0']],
    ['personal, even with the admin right', { personal: true }, { enabled: true }, ['bob0']],
    ['with the admin right: of everybody', {}, { enabled: true }, []],
    ['with the admin right: of another', {}, { owner: 'bob' }, ['ada0']],
    ['that may assign owners', { ...writer, assignOwner: true }, { owner: 'bob' }, ['ada0']],
    [
      'bound to resources and networks',
      { ...writer, resources: ['p:1'], networks: ['::1/128'] },
      { enabled: true },
      ['bob0'],
    ],
  ])('%s', async (_, caller, filter, names) => {
    const { latchkey, left } = await filled(1)
    expect(await latchkey.revokeAll(filter, hostCaller(caller))).toEqual({ revoked: 2 - names.length })
    expect(await left()).toEqual(names)
  })

  test.each<[string, Partial<Caller>, string]>([
    ['without the admin right', writer, 'bob'],
    ['without the admin right, who has no tokens', writer, 'nobody'],
    ['personal', { personal: true }, 'bob'],
    ['personal, who has no tokens', { personal: true }, 'nobody'],
  ])('another owner is refused: %s', async (_, caller, owner) => {
    const { latchkey, left } = await filled(1)
    const entries = await published('audit', async () => {
      const refusal = await refused(latchkey.revokeAll({ owner }, hostCaller(caller)))
      expect(refusal).toEqual({ code: 'ERR_NOT_ALLOWED', paths: ['owner'] })
    })
    expect(entries).toMatchObject([{ action: 'revokeAll', outcome: 'refused', violations: [{ dimension: 'owner' }] }])
    expect(await left()).toEqual(['ada0', 'bob0'])
  })

  test.each<[string, { caller: Caller; ip?: string }]>([
    ['without apiTokens.write', { caller: { owner: 'ada', scopes: ['apiTokens.read', 'apiTokens.admin'] } }],
    ['whose access has ended', hostCaller({ expiresAt: NOW })],
    ['elsewhere than its networks', { ...hostCaller({ networks: ['10.0.0.0/8'] }), ip: '192.0.2.1' }],
  ])('%s, it is refused', async (_, onBehalf) => {
    const { latchkey, left } = await filled(1)
    expect(await refused(latchkey.revokeAll({ owner: 'ada' }, onBehalf))).toEqual({
      code: 'ERR_NOT_ALLOWED',
      paths: [],
    })
    expect(await left()).toHaveLength(2)
  })

  test('whose access ends meanwhile, the rest stays', async () => {
    let begun = 0
    const setup = testInstance({
      onAudit({ action, outcome }) {
        if (action === 'revokeAll' && outcome === 'begun' && ++begun === 1) setup.clock.now += 1_000
      },
    })
    const { latchkey, left, clock } = await filled(50, ['ada'], setup)
    const running = latchkey.revokeAll({ owner: 'ada' }, hostCaller({ expiresAt: clock.now + 500 }))
    expect(await refused(running)).toEqual({ code: 'ERR_NOT_ALLOWED', paths: [] })
    expect(await left()).toHaveLength(50 - begun)
    expect(begun).toBeLessThan(50)
  })

  test('whose admin right ends meanwhile, the rest of the tokens of others stays', async () => {
    let begun = 0
    const setup = testInstance({
      onAudit({ action, outcome }) {
        if (action === 'revokeAll' && outcome === 'begun') begun++
      },
    })
    const { latchkey, left } = await filled(50, ['ada'], setup)
    const authorize = (): Caller => ({ owner: 'root', scopes: ['apiTokens.write'], assignOwner: begun === 0 })
    const body = { createdBefore: '2100-01-01' }
    const answer = await call(latchkey, { line: 'POST /revoke-all', dialect: 'latchkey', body, authorize })
    expect(answer).toMatchObject({ status: 200, body: { revoked: begun, remaining: 0 } })
    expect(await left()).toHaveLength(50 - begun)
    expect(begun).toBeGreaterThan(0)
    expect(begun).toBeLessThan(50)
  })
})

test.each<[string, unknown, string]>([
  ['no member', {}, ''],
  ['members that are undefined', { owner: undefined, scopes: undefined }, ''],
  ['an empty owner', { owner: '' }, 'owner'],
  ['an empty list', { scopes: [] }, 'scopes'],
  ['an empty list beside another member', { owner: 'ada', scopes: [] }, 'scopes'],
  ['an empty scope', { scopes: ['a', ''] }, 'scopes'],
  ['scopes in one text', { scopes: 'a' }, 'scopes'],
  ['an owner that is null', { owner: null }, 'owner'],
  ['a range without ends', { created: {} }, 'created'],
  ['a misspelt member', { owners: 'ada' }, 'owners'],
  ['the sort of a list', { owner: 'ada', sort: 'name' }, 'sort'],
  ['the limit of a list', { owner: 'ada', limit: 1 }, 'limit'],
  ['a cursor', { cursor: 'x' }, 'cursor'],
  ['nothing', undefined, ''],
  ['a text', 'ada', ''],
])('a filter of %s is refused', async (_, filter, path) => {
  const { latchkey, left } = await filled(1)
  for (const options of [undefined, hostCaller()]) {
    expect(await refused(latchkey.revokeAll(filter as TokenFilter, options))).toEqual({
      code: 'ERR_INVALID_INPUT',
      paths: [path],
    })
  }
  expect(await left()).toHaveLength(2)
})

test.each<[string, object]>([
  ['a misspelt option', { abort: new AbortController().signal }],
  ['a signal that is none', { signal: {} }],
  ['onProgress that is no function', { onProgress: true }],
  ['a caller that is none', { caller: undefined }],
])('%s is the mistake of the host', async (_, options) => {
  const { latchkey, left } = await filled(1)
  await expect(latchkey.revokeAll({ owner: 'ada' }, options)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  expect(await left()).toHaveLength(2)
})
