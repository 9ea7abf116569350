import type { TokenRecord } from '../types.js'
import { matchesFilter } from './filter.js'
import { compareSortValues, sortValue } from './sort.js'
import type { ListPage, ListQuery } from './token-store.js'

/** A stored record, which is never changed but replaced, and its place in the order of insertion, which settles ties. */
export interface MemoryEntry {
  readonly seq: number
  record: TokenRecord
}

/** Where a record stands in one sort order. A position is a row without its record: it survives the record. */
interface Row {
  readonly value: string | number
  readonly seq: number
}

/** One page by filtering and sorting all records: O(N log N). The page holds the stored records themselves. */
export function listEntries(entries: Iterable<MemoryEntry>, query: ListQuery): ListPage {
  const { filter, sort, limit } = query
  const order = (a: Row, b: Row) => (sort.direction === 'asc' ? compareRows(a, b) : compareRows(b, a))
  const after = query.after === undefined ? undefined : readPosition(query.after)
  const rows: (Row & { record: TokenRecord })[] = []
  let totalCount = 0
  for (const { seq, record } of entries) {
    if (!matchesFilter(record, filter)) continue
    totalCount++
    const row = { value: sortValue(record, sort.by), seq, record }
    if (after === undefined || order(row, after) > 0) rows.push(row)
  }
  rows.sort(order)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    records: page.map((row) => row.record),
    ...(last && rows.length > limit ? { next: writePosition(last) } : {}),
    ...(query.count ? { totalCount } : {}),
  }
}

function compareRows(a: Row, b: Row): number {
  return compareSortValues(a.value, b.value) || a.seq - b.seq
}

function writePosition({ value, seq }: Row): string {
  return JSON.stringify([value, seq])
}

function readPosition(text: string): Row {
  const [value, seq] = JSON.parse(text) as [string | number, number]
  return { value, seq }
}
