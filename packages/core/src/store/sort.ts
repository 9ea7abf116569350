import { compareCodePoints } from '../query/code-points.js'
import type { TokenRecord } from '../types.js'
import type { ListSort, SortKey } from './token-store.js'

/** The sort value of "never used" and "never modified": the oldest. */
export const BEFORE_ALL_TIMES = -1
/** The sort value of "never expires": the latest. */
export const AFTER_ALL_TIMES = Number.MAX_SAFE_INTEGER

/** What a record is sorted by: its name, or a time in epoch milliseconds. Without that time, one of the constants above. */
export function sortValue(record: TokenRecord, by: SortKey): string | number {
  return record[by] ?? (by === 'expiresAt' ? AFTER_ALL_TIMES : BEFORE_ALL_TIMES)
}

/** Orders two values of `sortValue`, ascending: names by code point, times by number. */
export function compareSortValues(a: string | number, b: string | number): number {
  return typeof a === 'string' || typeof b === 'string' ? compareCodePoints(String(a), String(b)) : a - b
}

/**
 * The order of two records, as for `Array.sort`. 0 is a tie: a store decides it by a fixed order of its own, reversed with
 * the direction.
 */
export function compareRecords(a: TokenRecord, b: TokenRecord, { by, direction }: ListSort): number {
  const order = compareSortValues(sortValue(a, by), sortValue(b, by))
  return direction === 'asc' ? order : -order
}
