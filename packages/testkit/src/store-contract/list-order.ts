import assert from 'node:assert/strict'
import type { SortKey } from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'
import { randomInt, seededRandom, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import {
  ALL_SORTS,
  compareBy,
  describeSort,
  idsOf,
  insertAll,
  LAST_TIME,
  page,
  range,
  removeAll,
  SORT_KEYS,
  valuesOf,
  walk,
  walkIds,
} from './helpers.js'

const TIMES = [undefined, 0, 1, 999, 1_000, 1_700_000_000_000, LAST_TIME]

/** Names that only code points put in this order: UTF-16 units and locales would not. */
const NAMES_IN_ORDER = [
  ...' b|!|"quoted"|\'|*|,|0|10|2|A|Z|[|_|a|a |a b|aA|aa|aaa|ab|b|~|ß|é|ж'.split('|'),
  ...'\ud7ff|\ue000|\uff5e|\uffff|\u{10000}|\u{1F600}|\u{1F600}\u{1F600}|\u{1F601}|\u{10FFFF}'.split('|'),
]

export const listOrderCases: readonly ContractCase[] = [
  caseOf.list('names are ordered by code points: U+FF5E before U+1F600, a name before its extensions', async (a, b) => {
    const records = shuffled(NAMES_IN_ORDER).map((name) => tokenRecord({ name }))
    await insertAll(a, records)
    for (const limit of [1, 5, 100]) {
      const ascending = await walk(b, { sort: { by: 'name', direction: 'asc' }, limit })
      assert.deepStrictEqual(valuesOf(ascending, 'name'), NAMES_IN_ORDER)
      const descending = await walk(b, { sort: { by: 'name', direction: 'desc' }, limit })
      assert.deepStrictEqual(valuesOf(descending, 'name'), NAMES_IN_ORDER.toReversed())
    }
  }),

  caseOf.list('long names that differ late are ordered, and paged, by all of their characters', async (a, b) => {
    const names = ['\u{1F600}', 'x'].flatMap((fill) => ['', '!', '~', '\u{1F600}'].map((end) => fill.repeat(199) + end))
    const records = shuffled(names).map((name) => tokenRecord({ name }))
    await insertAll(a, records)
    const ordered = names.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
    const listed = await walk(b, { sort: { by: 'name', direction: 'asc' }, limit: 1 })
    assert.deepStrictEqual(valuesOf(listed, 'name'), ordered)
  }),

  timesCase('lastUsedAt', 'never used counts as the oldest', TIMES),
  timesCase('modifiedAt', 'never modified counts as the oldest', TIMES),
  timesCase('expiresAt', 'never expiring counts as the latest', [...TIMES.slice(1), undefined]),
  timesCase('createdAt', 'creation times are ordered as numbers', TIMES.slice(1)),

  caseOf.list('ties have a fixed order, reversed with the direction, the same for every page size', async (a, b) => {
    await insertAll(a, recordsWithTies(70))
    for (const by of SORT_KEYS) {
      const ascending = await walkIds(b, { sort: { by, direction: 'asc' }, limit: 10_000 })
      const descending = await walkIds(b, { sort: { by, direction: 'desc' }, limit: 10_000 })
      assert.equal(new Set(ascending).size, 70)
      assert.deepStrictEqual(descending, ascending.toReversed(), `${by}: descending is ascending reversed`)
      for (const limit of by === 'name' || by === 'lastUsedAt' ? [1, 7, 50] : [7, 50]) {
        const what = `${by}, pages of ${limit}`
        assert.deepStrictEqual(await walkIds(b, { sort: { by, direction: 'asc' }, limit }), ascending, what)
        assert.deepStrictEqual(await walkIds(b, { sort: { by, direction: 'desc' }, limit }), descending, what)
      }
    }
  }),

  caseOf.list('the order of ties stays when records change in other members', async (a, b) => {
    const records = recordsWithTies(60)
    await insertAll(a, records)
    const orders = () => Promise.all(SORT_KEYS.map((by) => walkIds(b, { sort: { by, direction: 'asc' } })))
    const before = await orders()
    for (const { id } of shuffled(records)) {
      const scopes = ['other.scope', 'reports.read']
      await a.update(id, { enabled: false, scopes, metadata: { changed: true }, rotatedAt: 1 }, 1)
    }
    assert.deepStrictEqual(await orders(), before)
  }),

  caseOf.list('resumes after a position whose record was removed, in every order', async (a, b) => {
    for (const sort of ALL_SORTS) {
      await insertAll(a, recordsWithTies(45))
      for (const limit of [1, 10, 21]) {
        const all = await walkIds(b, { sort, limit: 10_000 })
        const first = await page(b, { sort, limit })
        assert.deepStrictEqual(idsOf(first.records), all.slice(0, limit))
        assert.ok(first.next !== undefined)
        await a.remove(all[limit - 1] ?? '')
        const rest = await page(b, { sort, limit: 10_000, after: first.next })
        assert.deepStrictEqual(idsOf(rest.records), all.slice(limit), `${describeSort(sort)}, page of ${limit}`)
      }
      await removeAll(a, await walkIds(b))
    }
  }),

  caseOf.list('resumes although every record up to the position was removed', async (a, b) => {
    for (const sort of ALL_SORTS) {
      await insertAll(a, recordsWithTies(40))
      const all = await walkIds(b, { sort })
      const { next } = await page(b, { sort, limit: 15 })
      assert.ok(next !== undefined)
      await removeAll(a, all.slice(0, 15))
      const rest = await page(b, { sort, after: next })
      assert.deepStrictEqual(idsOf(rest.records), all.slice(15), describeSort(sort))
      await removeAll(a, all.slice(15))
      const none = await page(b, { sort, after: next })
      assert.deepStrictEqual(none, { records: [] }, `${describeSort(sort)}, nothing left`)
    }
  }),
]

/** The times must be in their ascending order. */
function timesCase(by: Exclude<SortKey, 'name'>, name: string, times: readonly (number | undefined)[]): ContractCase {
  return caseOf.list(`${by}: ${name}`, async (a, b) => {
    const recordOf = (time: number | undefined) => tokenRecord(time === undefined ? {} : { [by]: time })
    const records = times.map(recordOf)
    await insertAll(a, shuffled([...records, ...times.map(recordOf)]))
    const expected = times.flatMap((time) => [time, time])
    for (const limit of [1, 3, 100]) {
      const ascending = await walk(b, { sort: { by, direction: 'asc' }, limit })
      assert.deepStrictEqual(valuesOf(ascending, by), expected)
      const descending = await walk(b, { sort: { by, direction: 'desc' }, limit })
      assert.deepStrictEqual(valuesOf(descending, by), expected.toReversed())
    }
    for (const [i, record] of records.entries()) {
      for (const other of records.slice(i + 1)) assert.ok(compareBy(by, record, other) < 0)
    }
  })
}

/** Every sort value, absent ones too, is shared by a third or more of the records. */
function recordsWithTies(count: number): TokenRecord[] {
  const random = seededRandom(count)
  const time = () => [undefined, 0, 1_700_000_000_000][randomInt(3, random)]
  return range(count).map(() => {
    const name = ['tie', '\u{1F600}'][randomInt(2, random)] ?? ''
    const record = tokenRecord({ name, createdAt: randomInt(2, random) })
    for (const member of ['expiresAt', 'modifiedAt', 'lastUsedAt'] as const) {
      const value = time()
      if (value !== undefined) record[member] = value
    }
    return record
  })
}

function shuffled<T>(items: readonly T[]): T[] {
  const random = seededRandom(items.length)
  return items
    .map((item) => ({ item, key: random() }))
    .sort((x, y) => x.key - y.key)
    .map(({ item }) => item)
}
