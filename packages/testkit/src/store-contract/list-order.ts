import assert from 'node:assert/strict'
import type { SortKey } from '@latchkey/core'
import type { EnvironmentStore, ListSort, TokenRecord } from '@latchkey/core/store'
import { randomInt, seededRandom, tokenRecord } from '../fixtures.js'
import { readPage } from '../read-page.js'
import { type ContractCase, twoConnections } from './contract-case.js'
import { ALL_SORTS, compareBy, describeSort, idsOf, insertAll, range, SORT_KEYS, walk, walkIds } from './helpers.js'

const TIMES = [undefined, 0, 1, 999, 1_000, 1_700_000_000_000, 253_402_300_799_999]

/** Names that only code points put in this order: UTF-16 units and locales would not. */
const NAMES_IN_ORDER = [
  ...' b|!|"quoted"|\'|*|,|0|10|2|A|Z|[|_|a|a |a b|aA|aa|aaa|ab|b|~|ß|é|ж'.split('|'),
  ...'\ud7ff|\ue000|\uff5e|\uffff|\u{10000}|\u{1F600}|\u{1F600}\u{1F600}|\u{1F601}|\u{10FFFF}'.split('|'),
]

export const listOrderCases: readonly ContractCase[] = [
  twoConnections(
    'list',
    'names are ordered by code points: U+FF5E before U+1F600, a name before its extensions',
    async (a, b) => {
      await insertAll(
        a,
        shuffled(NAMES_IN_ORDER).map((name) => tokenRecord({ name })),
      )
      for (const limit of [1, 5, 100]) {
        const ascending = await walk(b, { sort: { by: 'name', direction: 'asc' }, limit })
        assert.deepStrictEqual(
          ascending.map(({ name }) => name),
          NAMES_IN_ORDER,
        )
        const descending = await walk(b, { sort: { by: 'name', direction: 'desc' }, limit })
        assert.deepStrictEqual(
          descending.map(({ name }) => name),
          NAMES_IN_ORDER.toReversed(),
        )
      }
    },
  ),

  twoConnections(
    'list',
    'long names that differ late are ordered, and paged, by all of their characters',
    async (a, b) => {
      const names = ['\u{1F600}', 'x'].flatMap((fill) =>
        ['', '!', '~', '\u{1F600}'].map((end) => fill.repeat(199) + end),
      )
      await insertAll(
        a,
        shuffled(names).map((name) => tokenRecord({ name })),
      )
      const ordered = names.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
      const records = await walk(b, { sort: { by: 'name', direction: 'asc' }, limit: 1 })
      assert.deepStrictEqual(
        records.map(({ name }) => name),
        ordered,
      )
    },
  ),

  timesCase('lastUsedAt', 'never used counts as the oldest', TIMES),
  timesCase('modifiedAt', 'never modified counts as the oldest', TIMES),
  timesCase('expiresAt', 'never expiring counts as the latest', [...TIMES.slice(1), undefined]),
  timesCase('createdAt', 'creation times are ordered as numbers', TIMES.slice(1)),

  twoConnections(
    'list',
    'ties have a fixed order, reversed with the direction, the same for every page size',
    async (a, b) => {
      await insertAll(a, recordsWithTies(600))
      for (const by of SORT_KEYS) {
        const ascending = await walkIds(b, { sort: { by, direction: 'asc' }, limit: 10_000 })
        const descending = await walkIds(b, { sort: { by, direction: 'desc' }, limit: 10_000 })
        assert.equal(new Set(ascending).size, 600)
        assert.deepStrictEqual(descending, ascending.toReversed(), `${by}: descending is ascending reversed`)
        const limits = by === 'name' || by === 'lastUsedAt' ? [1, 7, 100] : [7, 100]
        for (const limit of limits) {
          assert.deepStrictEqual(
            await walkIds(b, { sort: { by, direction: 'asc' }, limit }),
            ascending,
            `${by}, ${limit}`,
          )
          assert.deepStrictEqual(
            await walkIds(b, { sort: { by, direction: 'desc' }, limit }),
            descending,
            `${by}, ${limit}`,
          )
        }
      }
    },
  ),

  twoConnections('list', 'the order of ties stays when records change in other members', async (a, b) => {
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

  twoConnections('list', 'resumes behind a record that is gone, in every order', async (a, b) => {
    for (const sort of ALL_SORTS) {
      const records = recordsWithTies(90)
      await insertAll(a, records)
      const all = await walkIds(b, { sort, limit: 10_000 })
      for (const limit of [1, 10, 44]) await resumesBehindRemoved(a, b, sort, limit)
      for (const id of all) await a.remove(id)
    }
  }),

  twoConnections('list', 'resumes although every record up to the position is gone', async (a, b) => {
    for (const sort of ALL_SORTS) {
      await insertAll(a, recordsWithTies(40))
      const all = await walkIds(b, { sort, limit: 10_000 })
      const { next } = await readPage(b, { filter: {}, sort, limit: 15, count: false })
      assert.ok(next !== undefined)
      for (const id of all.slice(0, 15)) await a.remove(id)
      const rest = await readPage(b, { filter: {}, sort, limit: 100, count: false, after: next })
      assert.deepStrictEqual(idsOf(rest.records), all.slice(15), describeSort(sort))
      for (const id of all.slice(15)) await a.remove(id)
      const none = await readPage(b, { filter: {}, sort, limit: 100, count: false, after: next })
      assert.deepStrictEqual(none, { records: [] }, `${describeSort(sort)}, nothing left`)
    }
  }),
]

/** Takes one page, removes the record it ended with, and reads on. */
async function resumesBehindRemoved(a: EnvironmentStore, b: EnvironmentStore, sort: ListSort, limit: number) {
  const all = await walkIds(b, { sort, limit: 10_000 })
  const first = await readPage(b, { filter: {}, sort, limit, count: false })
  assert.deepStrictEqual(idsOf(first.records), all.slice(0, limit))
  assert.ok(first.next !== undefined)
  await a.remove(all[limit - 1] ?? '')
  const second = await readPage(b, { filter: {}, sort, limit: 10_000, count: false, after: first.next })
  assert.deepStrictEqual(idsOf(second.records), all.slice(limit), `${describeSort(sort)}, page of ${limit}`)
}

/** The times must be in their ascending order. */
function timesCase(by: Exclude<SortKey, 'name'>, name: string, times: readonly (number | undefined)[]): ContractCase {
  return twoConnections('list', `${by}: ${name}`, async (a, b) => {
    const records = times.map((time) => tokenRecord(time === undefined ? {} : { [by]: time }))
    await insertAll(
      a,
      shuffled([...records, ...times.map((time) => tokenRecord(time === undefined ? {} : { [by]: time }))]),
    )
    const expected = times.flatMap((time) => [time, time])
    for (const limit of [1, 3, 100]) {
      const ascending = await walk(b, { sort: { by, direction: 'asc' }, limit })
      assert.deepStrictEqual(
        ascending.map((record) => record[by]),
        expected,
      )
      const descending = await walk(b, { sort: { by, direction: 'desc' }, limit })
      assert.deepStrictEqual(
        descending.map((record) => record[by]),
        expected.toReversed(),
      )
    }
    for (const [i, record] of records.entries()) {
      for (const other of records.slice(i + 1)) assert.ok(compareBy(by, record, other) < 0)
    }
  })
}

/** Every sort value, absent ones too, is shared by a third or more of the records. */
function recordsWithTies(count: number): TokenRecord[] {
  const random = seededRandom(count)
  const time = () => [{}, { at: 0 }, { at: 1_700_000_000_000 }][randomInt(3, random)]?.at
  return range(count).map(() => {
    const [expiresAt, modifiedAt, lastUsedAt] = [time(), time(), time()]
    return tokenRecord({
      name: ['tie', '\u{1F600}'][randomInt(2, random)] ?? '',
      createdAt: randomInt(2, random),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(modifiedAt === undefined ? {} : { modifiedAt }),
      ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    })
  })
}

function shuffled<T>(items: readonly T[]): T[] {
  const random = seededRandom(items.length)
  return items
    .map((item) => ({ item, key: random() }))
    .sort((x, y) => x.key - y.key)
    .map(({ item }) => item)
}
