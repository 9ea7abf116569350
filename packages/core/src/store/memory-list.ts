import { compact } from '../compact.js'
import type { TokenRecord } from '../types.js'
import { matchesFilter } from './filter.js'
import { compareSortValues, sortValue } from './sort.js'
import type { ListPage, ListQuery } from './token-store.js'

/** A stored record. Updates replace it, so that a page shows what it was. */
export interface MemoryEntry {
  /** The order of insertion, which decides between equal sort values. */
  readonly seq: number
  record: TokenRecord
}

/** A place in one sort order. A position outlives the record that it points at. */
interface Position {
  readonly value: string | number
  readonly seq: number
}

/** One page, by filtering and sorting all records: O(N log N). The page holds the stored records themselves. */
export function listEntries(entries: Iterable<MemoryEntry>, query: ListQuery): ListPage {
  const { filter, sort, limit } = query
  const order = (a: Position, b: Position) =>
    sort.direction === 'asc' ? comparePositions(a, b) : comparePositions(b, a)
  const after = query.after === undefined ? undefined : readPosition(query.after)
  const rows: (Position & { record: TokenRecord })[] = []
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
    ...compact({
      next: last && rows.length > limit ? writePosition(last) : undefined,
      totalCount: query.count ? totalCount : undefined,
    }),
  }
}

function comparePositions(a: Position, b: Position): number {
  return compareSortValues(a.value, b.value) || a.seq - b.seq
}

function writePosition({ value, seq }: Position): string {
  return JSON.stringify([value, seq])
}

function readPosition(text: string): Position {
  const [value, seq] = JSON.parse(text) as [string | number, number]
  return { value, seq }
}
