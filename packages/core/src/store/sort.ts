import { compareCodePoints } from '../query/code-points.js'
import type { TokenRecord } from '../types.js'
import type { ListSort, SortKey } from './token-store.js'

/** Stands for "never used" and "never modified", which sort as the oldest. */
export const BEFORE_ALL_TIMES = -1
/** Stands for "never expires", which sorts as the latest. */
export const AFTER_ALL_TIMES = Number.MAX_SAFE_INTEGER

/** What a record is sorted by: its name, or a time in epoch milliseconds with `BEFORE_ALL_TIMES` or `AFTER_ALL_TIMES` for none. */
export function sortValue(record: TokenRecord, by: SortKey): string | number {
  return record[by] ?? (by === 'expiresAt' ? AFTER_ALL_TIMES : BEFORE_ALL_TIMES)
}

/** Orders two values of `sortValue`, ascending: names by code point, times by number. */
export function compareSortValues(a: string | number, b: string | number): number {
  return typeof a === 'string' || typeof b === 'string' ? compareCodePoints(String(a), String(b)) : a - b
}

/**
 * The order of two records under a sort, as for `Array.sort`. 0 is a tie, which a store settles by a fixed order of its
 * own and reverses with the direction.
 */
export function compareRecords(a: TokenRecord, b: TokenRecord, { by, direction }: ListSort): number {
  const order = compareSortValues(sortValue(a, by), sortValue(b, by))
  return direction === 'asc' ? order : -order
}
