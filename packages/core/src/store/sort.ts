import type { TokenRecord } from '../types.js'
import type { ListSort, SortKey } from './token-store.js'

/** The sort value of "never used" and "never modified": the oldest. */
export const BEFORE_ALL_TIMES = -1
/** The sort value of "never expires": the latest. */
export const AFTER_ALL_TIMES = Number.MAX_SAFE_INTEGER

/** What a record is sorted by: its name, or a time in epoch milliseconds. Without it, one of the constants above. */
export function sortValue(record: TokenRecord, by: SortKey): string | number {
  return record[by] ?? (by === 'expiresAt' ? AFTER_ALL_TIMES : BEFORE_ALL_TIMES)
}

/** Orders two values of `sortValue`, ascending: names by code point, times by number. */
export function compareSortValues(a: string | number, b: string | number): number {
  return typeof a === 'string' || typeof b === 'string' ? compareCodePoints(String(a), String(b)) : a - b
}

/**
 * The order of two records, as for `Array.sort`. 0 is a tie: a store decides it by a fixed order of its own, reversed
 * with the direction.
 */
export function compareRecords(a: TokenRecord, b: TokenRecord, { by, direction }: ListSort): number {
  const order = compareSortValues(sortValue(a, by), sortValue(b, by))
  return direction === 'asc' ? order : -order
}

/**
 * Compares by code points, as UTF-8 bytes would (and as SQLite and Redis do). JavaScript's own `<` compares UTF-16
 * units, which puts U+1F600 before U+FF5E.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return rank(x) - rank(y)
  }
  return a.length - b.length
}

/** Puts surrogates after the rest of the basic plane, where the code points that they encode belong. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
