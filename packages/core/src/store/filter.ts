import type { TokenRecord } from '../types.js'
import type { ListFilter } from './token-store.js'

/** Whether a record matches every member of the filter. */
export function matchesFilter(record: TokenRecord, filter: ListFilter): boolean {
  const { owner, personal, scopes, lastUsed } = filter
  if (owner !== undefined && record.owner !== owner) return false
  if (personal !== undefined && record.personal !== personal) return false
  if (scopes !== undefined && !scopes.some((scope) => record.scopes.includes(scope))) return false
  return lastUsed === undefined || isWithin(record.lastUsedAt, lastUsed)
}

/** Both ends are included. `undefined` is within no range. */
function isWithin(at: number | undefined, { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }) {
  return at !== undefined && at >= from && at <= to
}
