import { AFTER_ALL_TIMES, type ListFilter, type ListSort, type TimeRange } from '@latchkey/core/store'
import type { Database, Value } from '../shared/database.js'
import { DAY_MS, dayOf } from './columns.js'
import { anyScope, type Counter, environmentCounter, findCounter } from './counters.js'
import { SORT_COLUMNS } from './schema.js'

export interface Condition {
  sql: string
  values: readonly Value[]
}

/** The beginnings of the names of columns: `created_at` is in some indexes, `created_day` in the others. */
type Time = 'created' | 'expires' | 'last_used'

/** A filter in terms of the file. */
export interface Filter {
  /** The indexes that serve this filter: the beginning of their names. */
  indexes: 'token_by_' | 'token_of_owner_by_'
  /** On columns of these indexes, but for the times. The first is on the column that they begin with. */
  conditions: readonly Condition[]
  /** Both ends are included. */
  times: Partial<Record<Time, TimeRange>>
  /** Tokens never used count only if they were created before. Others are bound by `times`. */
  unusedSince?: number
  /** How many tokens match, if a counter has it. */
  total?: number
}

/** No token expires on the day that stands for never, or later. */
const LAST_EXPIRY = dayOf(AFTER_ALL_TIMES) * DAY_MS - 1

/** `undefined` if nothing matches: no token has the owner, or any of the scopes. */
export function resolveFilter(db: Database, env: number, asked: ListFilter): Filter | undefined {
  const { personal, enabled } = asked
  const owner = asked.owner === undefined ? undefined : findCounter(db, 'owner', env, asked.owner)
  const scopes = asked.scopes && findScopes(db, env, asked.scopes)
  if ((asked.owner !== undefined && !owner) || scopes?.length === 0) return undefined

  const conditions = [owner ? condition('owner_id = ?', owner.id) : condition('environment_id = ?', env)]
  if (personal !== undefined) conditions.push(condition('personal = ?', Number(personal)))
  if (enabled !== undefined) conditions.push(condition('enabled = ?', Number(enabled)))
  if (scopes) conditions.push(condition('scope_set GLOB ?', anyScope(scopes.map(({ id }) => id))))

  const filter: Filter = { indexes: owner ? 'token_of_owner_by_' : 'token_by_', conditions, ...timesOf(asked) }
  const counters = [owner ?? [], scopes ?? []].flat()
  if (enabled === undefined && Object.keys(filter.times).length === 0 && counters.length <= 1) {
    filter.total = totalOf(counters[0] ?? environmentCounter(db, env), personal)
  }
  return filter
}

function findScopes(db: Database, env: number, names: readonly string[]): Counter[] {
  return [...new Set(names)].flatMap((name) => findCounter(db, 'scope', env, name) ?? [])
}

function totalOf({ tokens, personalTokens }: Counter, personal: boolean | undefined): number {
  if (personal === undefined) return tokens
  return personal ? personalTokens : tokens - personalTokens
}

function timesOf({ lastUsed, expires, created, unusedSince }: ListFilter): Pick<Filter, 'times' | 'unusedSince'> {
  const times: Filter['times'] = {}
  if (created) times.created = created
  if (expires) times.expires = { ...expires, to: Math.min(expires.to ?? LAST_EXPIRY, LAST_EXPIRY) }
  const before = unusedSince === undefined ? {} : { to: Math.min(lastUsed?.to ?? unusedSince, unusedSince - 1) }
  // Never used is -1, which no bound of the last use includes.
  if (lastUsed) times.last_used = { ...lastUsed, from: Math.max(lastUsed.from ?? 0, 0), ...before }
  if (unusedSince === undefined || lastUsed) return { times }
  times.last_used = before
  return { times, unusedSince }
}

/** The order in which tokens that match are counted the fastest: along a time that the filter bounds. */
export function countingSort({ times }: Filter): ListSort {
  const by = times.expires ? 'expiresAt' : times.created ? 'createdAt' : 'lastUsedAt'
  return { by, direction: 'asc' }
}

/**
 * The conditions on times in the index of a sort. It has the time of the sort, and of all others the day: of these the
 * row is read only on the first and the last day. Behind a position of the sort, the position is one of the two bounds.
 */
export function timeConditions(filter: Filter, { by, direction }: ListSort, isBehindPosition: boolean): Condition[] {
  const { times, unusedSince } = filter
  const conditions: Condition[] = []
  for (const [time, { from, to }] of Object.entries(times) as [Time, TimeRange][]) {
    const isSorted = SORT_COLUMNS[by] === `${time}_at`
    const [hasLower, hasUpper] = [direction === 'asc', direction === 'desc'].map(
      (is) => is && isSorted && isBehindPosition,
    )
    if (from !== undefined && !hasLower) conditions.push(bound(time, '>', from, isSorted))
    if (to !== undefined && !hasUpper) conditions.push(bound(time, '<', to, isSorted))
  }
  if (unusedSince !== undefined) {
    const used = SORT_COLUMNS[by] === 'last_used_at' ? 'last_used_at' : 'last_used_day'
    const created = bound('created', '<', unusedSince - 1, by === 'createdAt')
    conditions.push(condition(`(${used} >= 0 OR ${created.sql})`, ...created.values))
  }
  return conditions
}

function bound(time: Time, side: '<' | '>', at: number, isIndexed: boolean): Condition {
  if (isIndexed) return condition(`${time}_at ${side}= ?`, at)
  const day = dayOf(at)
  return condition(`(${time}_day ${side} ? OR (${time}_day = ? AND ${time}_at ${side}= ?))`, day, day, at)
}

export function condition(sql: string, ...values: Value[]): Condition {
  return { sql, values }
}
