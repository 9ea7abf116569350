import type { TokenRecord } from '../types.js'
import type { EnvironmentStore, ListFilter, TimeRange } from './token-store.js'

/** Whether a record matches every member of the filter. */
export function matchesFilter(record: TokenRecord, filter: ListFilter): boolean {
  const { owner, personal, enabled, scopes, lastUsed, expires, created, unusedSince } = filter
  if (owner !== undefined && record.owner !== owner) return false
  if (personal !== undefined && record.personal !== personal) return false
  if (enabled !== undefined && record.enabled !== enabled) return false
  if (scopes !== undefined && !scopes.some((scope) => record.scopes.includes(scope))) return false
  if (lastUsed !== undefined && !isWithin(record.lastUsedAt, lastUsed)) return false
  if (expires !== undefined && !isWithin(record.expiresAt, expires)) return false
  if (created !== undefined && !isWithin(record.createdAt, created)) return false
  return unusedSince === undefined || (record.lastUsedAt ?? record.createdAt) < unusedSince
}

/** Both ends are included. `undefined` is within no range. */
function isWithin(
  at: number | undefined,
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: TimeRange,
): boolean {
  return at !== undefined && at >= from && at <= to
}

/** How many tokens match. */
export async function countTokens(store: EnvironmentStore, filter: ListFilter = {}): Promise<number> {
  const sort = { by: 'createdAt', direction: 'desc' } as const
  const { totalCount = 0 } = await store.list({ filter, sort, limit: 1, count: true })
  return totalCount
}
