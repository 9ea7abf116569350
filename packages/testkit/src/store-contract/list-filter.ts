import assert from 'node:assert/strict'
import type { EnvironmentStore, ListFilter, ListSort, TimeRange, TokenRecord } from '@latchkey/core/store'
import { CREATED_AT, type Random, randomInt, randomItem, seededRandom, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { ALL_SORTS, compareBy, describeSort, idsOf, insertAll, LAST_TIME, page, range, walkIds } from './helpers.js'

export const listFilterCases: readonly ContractCase[] = [
  filterCase(
    'owner matches exactly and case-sensitively',
    'alice|Alice|alice | alice|alic|alicee|al*|*|al_ce|al%|a"l\'i,c~e|é|e\u0301|\u{1F600}'.split('|'),
    (owner) => ({ owner }),
    (owner) => ({ owner }),
  ),

  filterCase(
    'scopes match literally: no wildcard is expanded, no beginning is enough',
    ['metrics.read', '*', 'metrics.*', 'metrics', 'metrics.readX', 'metrics.rea', 'Metrics.read', 'metrics:read'],
    (scope) => ({ scopes: [scope, 'always.there'] }),
    (scope) => ({ scopes: [scope] }),
  ),

  caseOf.list('scopes match records that hold any one of them, each record once', async (a, b) => {
    const held = [['a'], ['b'], ['a', 'b'], ['c', 'a', 'd'], ['c'], ['d', 'c'], ['ab']]
    const records = held.map((scopes, i) => tokenRecord({ scopes, createdAt: i }))
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ scopes: ['a'] }, [0, 2, 3]],
      [{ scopes: ['a', 'b'] }, [0, 1, 2, 3]],
      [{ scopes: ['b', 'a', 'a'] }, [0, 1, 2, 3]],
      [{ scopes: ['d', 'b'] }, [1, 2, 3, 5]],
      [{ scopes: ['nobody'] }, []],
      [{ scopes: ['nobody', 'ab'] }, [6]],
    ])
  }),

  caseOf.list('personal: true and personal: false each match their records', async (a, b) => {
    const records = range(6).map((i) => tokenRecord({ personal: i % 2 === 0, createdAt: i }))
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ personal: true }, [0, 2, 4]],
      [{ personal: false }, [1, 3, 5]],
      [{}, [0, 1, 2, 3, 4, 5]],
    ])
  }),

  caseOf.list('enabled: true and enabled: false each match their records, also after a change', async (a, b) => {
    const records = range(6).map((i) => tokenRecord({ enabled: i % 2 === 0, personal: i > 2, createdAt: i }))
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ enabled: true }, [0, 2, 4]],
      [{ enabled: false }, [1, 3, 5]],
      [{ enabled: false, personal: true }, [3, 5]],
    ])
    await a.update(records[0]?.id ?? '', { enabled: false }, 1)
    await a.update(records[5]?.id ?? '', { enabled: true }, 1)
    await expectRows(b, records, [
      [{ enabled: true }, [2, 4, 5]],
      [{ enabled: false }, [0, 1, 3]],
    ])
  }),

  rangeCase('lastUsed', 'lastUsedAt', 'a token never used'),
  rangeCase('expires', 'expiresAt', 'a token that never expires'),

  caseOf.list('created includes both bounds', async (a, b) => {
    const records = [0, 100, 200, LAST_TIME].map((createdAt) => tokenRecord({ createdAt }))
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ created: { from: 0 } }, [0, 1, 2, 3]],
      [{ created: { from: 100 } }, [1, 2, 3]],
      [{ created: { to: 199 } }, [0, 1]],
      [{ created: { from: 101, to: 200 } }, [2]],
      [{ created: { from: LAST_TIME } }, [3]],
      [{ created: { to: 100 }, owner: 'alice' }, [0, 1]],
    ])
  }),

  caseOf.list(
    'unusedSince matches the last use, or else the creation, before the time, which is excluded',
    async (a, b) => {
      const uses = [undefined, 0, 100, 200, undefined, LAST_TIME, undefined]
      const records = uses.map((lastUsedAt, i) =>
        tokenRecord({ createdAt: i * 100, ...(lastUsedAt === undefined ? {} : { lastUsedAt }) }),
      )
      await insertAll(a, records)
      await expectRows(b, records, [
        [{ unusedSince: 0 }, []],
        [{ unusedSince: 1 }, [0, 1]],
        [{ unusedSince: 100 }, [0, 1]],
        [{ unusedSince: 101 }, [0, 1, 2]],
        [{ unusedSince: 400 }, [0, 1, 2, 3]],
        [{ unusedSince: 401 }, [0, 1, 2, 3, 4]],
        [{ unusedSince: 601 }, [0, 1, 2, 3, 4, 6]],
        [{ unusedSince: 601, lastUsed: { from: 50 } }, [2, 3]],
        [{ unusedSince: 101, lastUsed: { to: 150 } }, [1, 2]],
        [{ unusedSince: 601, created: { from: 100, to: 400 } }, [1, 2, 3, 4]],
        [{ unusedSince: LAST_TIME }, [0, 1, 2, 3, 4, 6]],
      ])
      await a.touch([{ id: records[0]?.id ?? '', gen: 1, at: 300 }])
      await expectRows(b, records, [
        [{ unusedSince: 300 }, [1, 2, 3]],
        [{ unusedSince: 301 }, [0, 1, 2, 3]],
      ])
    },
  ),

  caseOf.list('criteria are joined by AND', async (a, b) => {
    const records = range(16).map((i) =>
      tokenRecord({
        createdAt: CREATED_AT + i,
        owner: i & 1 ? 'alice' : 'bob',
        personal: Boolean(i & 2),
        scopes: i & 4 ? ['x', 'y'] : ['z'],
        ...(i & 8 ? { lastUsedAt: 10 } : {}),
      }),
    )
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ owner: 'alice', personal: true }, [3, 7, 11, 15]],
      [{ owner: 'bob', scopes: ['y'] }, [4, 6, 12, 14]],
      [{ personal: false, lastUsed: { to: 10 } }, [8, 9, 12, 13]],
      [{ scopes: ['x', 'z'], lastUsed: { from: 10 } }, [8, 9, 10, 11, 12, 13, 14, 15]],
      [{ owner: 'alice', personal: true, scopes: ['x'], lastUsed: { from: 10, to: 10 } }, [15]],
      [{ owner: 'alice', personal: true, scopes: ['x'], lastUsed: { from: 11 } }, []],
    ])
  }),
]

/** A range of a time that some records lack, named by `what`. */
function rangeCase(member: 'lastUsed' | 'expires', time: 'lastUsedAt' | 'expiresAt', what: string): ContractCase {
  return caseOf.list(`${member} includes both bounds; ${what} matches no bound`, async (a, b) => {
    const times = [undefined, 0, 100, 200, LAST_TIME, undefined]
    const records = times.map((at, i) => tokenRecord({ createdAt: i, ...(at !== undefined && { [time]: at }) }))
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ [member]: { from: 0 } }, [1, 2, 3, 4]],
      [{ [member]: { from: 1 } }, [2, 3, 4]],
      [{ [member]: { from: 100 } }, [2, 3, 4]],
      [{ [member]: { from: 101 } }, [3, 4]],
      [{ [member]: { to: 0 } }, [1]],
      [{ [member]: { to: 100 } }, [1, 2]],
      [{ [member]: { to: 99 } }, [1]],
      [{ [member]: { from: 100, to: 200 } }, [2, 3]],
      [{ [member]: { from: 100, to: 100 } }, [2]],
      [{ [member]: { from: 101, to: 199 } }, []],
      [{ [member]: { from: LAST_TIME } }, [4]],
      [{ [member]: { to: Number.MAX_SAFE_INTEGER } }, [1, 2, 3, 4]],
      [{}, [0, 1, 2, 3, 4, 5]],
    ])
  })
}

/** One record per value; filtering by each value finds its record alone. */
function filterCase(
  name: string,
  values: readonly string[],
  build: (value: string) => Partial<TokenRecord>,
  filterBy: (value: string) => ListFilter,
): ContractCase {
  return caseOf.list(name, async (a, b) => {
    const records = values.map((value, i) => tokenRecord({ createdAt: CREATED_AT + i, ...build(value) }))
    await insertAll(a, records)
    await expectRows(
      b,
      records,
      values.map((value, i) => [filterBy(value), [i]]),
    )
  })
}

/** The records must be in order of creation. */
async function expectRows(
  store: EnvironmentStore,
  records: readonly TokenRecord[],
  expectations: readonly (readonly [ListFilter, readonly number[]])[],
): Promise<void> {
  for (const [filter, rows] of expectations) {
    const { records: found, totalCount } = await page(store, { filter, count: true })
    const got = found.map(({ id }) => records.findIndex((record) => record.id === id))
    assert.deepStrictEqual(got, rows, `rows of ${JSON.stringify(filter)}`)
    assert.equal(totalCount, rows.length, `total of ${JSON.stringify(filter)}`)
  }
}

const RECORDS = 300
const QUERIES = 90
const OWNERS = ['alice', 'alice', 'alice', 'bob', 'bob', 'Bob', '*', 'carol "c", ~', '\u{1F600}']
const SCOPES = ['reports.read', 'reports.write', 'reports.*', '*', 'metrics.read', 'metrics', 'a:b_c-d']
const NAMES = ['a', 'a ', 'ab', 'Z', 'é', '\uff5e', '\u{1F600}', '\u{1F600}x']

export const listModelCases: readonly ContractCase[] = [
  caseOf.list('rows, order, pages and totals of random queries equal those of a brute-force search', async (a, b) => {
    const random = seededRandom(1_234)
    const records = range(RECORDS).map(() => randomRecord(random))
    await insertAll(a, records)
    const orders = await ordersOf(records, (sort) => walkIds(b, { sort, limit: 10_000 }))
    for (const i of range(QUERIES)) {
      const filter = randomFilter(random)
      const sort = randomItem(ALL_SORTS, random)
      const limit = randomItem([1, 7, 50, 100, 150, 10_000], random)
      const what = `query ${i}: ${describeSort(sort)}, limit ${limit}, ${JSON.stringify(filter)}`
      const expected = (orders.get(sort) ?? []).filter((record) => matches(record, filter))
      const first = await page(b, { filter, sort, limit, count: true })
      assert.equal(first.totalCount, expected.length, `total of ${what}`)
      assert.deepStrictEqual(first.records, expected.slice(0, limit), `first page of ${what}`)
      // Pages of one record are walked in small results alone, to keep the case short.
      const step = limit === 1 && expected.length > 40 ? 29 : limit
      assert.deepStrictEqual(await walkIds(b, { filter, sort, limit: step }), idsOf(expected), what)
    }
  }),
]

/**
 * The records in each of the ten orders. The order of ties is the store's own: it is learnt from one listing of
 * everything, which must be sorted.
 */
async function ordersOf(
  records: readonly TokenRecord[],
  list: (sort: ListSort) => Promise<string[]>,
): Promise<Map<ListSort, TokenRecord[]>> {
  const byId = new Map(records.map((record) => [record.id, record]))
  const orders = new Map<ListSort, TokenRecord[]>()
  for (const sort of ALL_SORTS) {
    const ordered = (await list(sort)).flatMap((id) => byId.get(id) ?? [])
    assert.equal(new Set(ordered).size, records.length, `${describeSort(sort)} lists every record`)
    const sign = sort.direction === 'asc' ? 1 : -1
    for (const [i, record] of ordered.entries()) {
      const before = ordered[i - 1]
      assert.ok(!before || sign * compareBy(sort.by, before, record) <= 0, `${describeSort(sort)}, row ${i}`)
    }
    orders.set(sort, ordered)
  }
  return orders
}

function matches(record: TokenRecord, filter: ListFilter): boolean {
  const { owner, personal, enabled, scopes, lastUsed, expires, created, unusedSince } = filter
  const isIn = (at = Number.NaN, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: TimeRange) =>
    at >= from && at <= to
  return (
    (owner === undefined || record.owner === owner) &&
    (personal === undefined || record.personal === personal) &&
    (enabled === undefined || record.enabled === enabled) &&
    (scopes === undefined || record.scopes.some((scope) => scopes.includes(scope))) &&
    (lastUsed === undefined || isIn(record.lastUsedAt, lastUsed)) &&
    (expires === undefined || isIn(record.expiresAt, expires)) &&
    (created === undefined || isIn(record.createdAt, created)) &&
    (unusedSince === undefined || (record.lastUsedAt ?? record.createdAt) < unusedSince)
  )
}

function randomRecord(random: Random): TokenRecord {
  const record = tokenRecord(
    {
      name: `${randomItem(NAMES, random)}${random() < 0.5 ? randomInt(40, random) : ''}`,
      owner: randomItem(OWNERS, random),
      personal: random() < 0.3,
      enabled: random() < 0.9,
      scopes: SCOPES.filter(() => random() < 0.3),
      createdAt: randomInt(70, random) * 1_000,
    },
    random,
  )
  // About half are absent, and values are few, so that there are ties.
  for (const member of ['expiresAt', 'modifiedAt', 'lastUsedAt'] as const) {
    if (random() < 0.5) record[member] = randomInt(100, random) * 1_000
  }
  return record
}

function randomFilter(random: Random): ListFilter {
  const filter: ListFilter = {}
  if (random() < 0.4) filter.owner = randomItem([...OWNERS, 'nobody'], random)
  if (random() < 0.3) filter.personal = random() < 0.5
  if (random() < 0.5) filter.scopes = range(1 + randomInt(3, random)).map(() => randomItem([...SCOPES, 'none'], random))
  if (random() < 0.2) filter.enabled = random() < 0.7
  if (random() < 0.3) filter.lastUsed = randomRange(random)
  if (random() < 0.2) filter.expires = randomRange(random)
  if (random() < 0.2) filter.created = randomRange(random)
  if (random() < 0.2) filter.unusedSince = randomInt(110, random) * 1_000
  return filter
}

function randomRange(random: Random): TimeRange {
  const from = randomInt(100, random) * 1_000
  const to = from + randomInt(70, random) * 1_000
  return randomItem([{ from }, { to }, { from, to }], random)
}
