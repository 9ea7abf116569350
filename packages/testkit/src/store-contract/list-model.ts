import assert from 'node:assert/strict'
import type { ListFilter, ListSort, TokenRecord } from '@latchkey/core/store'
import { type Random, randomInt, randomItem, seededRandom, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { ALL_SORTS, compareBy, describeSort, idsOf, insertAll, page, range, walkIds } from './helpers.js'

const RECORDS = 500
const QUERIES = 60
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

function matches(record: TokenRecord, { owner, personal, scopes, lastUsed }: ListFilter): boolean {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = lastUsed ?? {}
  const used = record.lastUsedAt ?? Number.NaN
  return (
    (owner === undefined || record.owner === owner) &&
    (personal === undefined || record.personal === personal) &&
    (scopes === undefined || record.scopes.some((scope) => scopes.includes(scope))) &&
    (lastUsed === undefined || (used >= from && used <= to))
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
  if (random() < 0.4) {
    const from = randomInt(100, random) * 1_000
    const to = from + randomInt(70, random) * 1_000
    filter.lastUsed = randomItem([{ from }, { to }, { from, to }], random)
  }
  return filter
}
