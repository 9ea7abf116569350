import { compareCodePoints } from '../query/code-points.js'
import type { TokenRecord } from '../types.js'
import type { ListFilter, ListPage, ListQuery, SortKey } from './token-store.js'

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

const BEFORE_ALL_TIMES = -1
const AFTER_ALL_TIMES = Number.MAX_SAFE_INTEGER

/** One page by filtering and sorting all records: O(N log N). The page holds the stored records themselves. */
export function listEntries(entries: Iterable<MemoryEntry>, query: ListQuery): ListPage {
  const { filter, sort, limit } = query
  const order = (a: Row, b: Row) => (sort.direction === 'asc' ? compareRows(a, b) : compareRows(b, a))
  const after = query.after === undefined ? undefined : readPosition(query.after)
  const rows: (Row & { record: TokenRecord })[] = []
  let totalCount = 0
  for (const { seq, record } of entries) {
    if (!matches(record, filter)) continue
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

function matches(record: TokenRecord, filter: ListFilter): boolean {
  const { owner, personal, scopes, lastUsed } = filter
  if (owner !== undefined && record.owner !== owner) return false
  if (personal !== undefined && record.personal !== personal) return false
  if (scopes !== undefined && !scopes.some((scope) => record.scopes.includes(scope))) return false
  if (lastUsed === undefined) return true
  const { from = 0, to = AFTER_ALL_TIMES } = lastUsed
  return record.lastUsedAt !== undefined && record.lastUsedAt >= from && record.lastUsedAt <= to
}

function sortValue(record: TokenRecord, by: SortKey): string | number {
  return record[by] ?? (by === 'expiresAt' ? AFTER_ALL_TIMES : BEFORE_ALL_TIMES)
}

function compareRows(a: Row, b: Row): number {
  return compareValues(a.value, b.value) || a.seq - b.seq
}

function compareValues(a: string | number, b: string | number): number {
  return typeof a === 'string' || typeof b === 'string' ? compareCodePoints(String(a), String(b)) : a - b
}

function writePosition({ value, seq }: Row): string {
  return JSON.stringify([value, seq])
}

function readPosition(text: string): Row {
  const [value, seq] = JSON.parse(text) as [string | number, number]
  return { value, seq }
}
