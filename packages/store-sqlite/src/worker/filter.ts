import type { ListFilter, ListSort } from '@latchkey/core/store'
import type { Database, Value } from '../shared/database.js'
import { dayOf } from './columns.js'
import { anyScope, type Counter, environmentCounter, findCounter } from './counters.js'

export interface Condition {
  sql: string
  values: readonly Value[]
}

/** A filter in terms of the file. */
export interface Filter {
  /** The indexes that serve this filter: the beginning of their names. */
  indexes: 'token_by_' | 'token_of_owner_by_'
  /** On columns of these indexes, but for the last use. The first is on the column that they begin with. */
  conditions: readonly Condition[]
  /** Both ends are included. */
  lastUsed?: { from: number; to: number }
  /** How many tokens match, if a counter tells. */
  total?: number
}

/** `undefined` if nothing matches: no token has the owner, or any of the scopes. */
export function resolveFilter(db: Database, env: number, asked: ListFilter): Filter | undefined {
  const { personal, lastUsed } = asked
  const owner = asked.owner === undefined ? undefined : findCounter(db, 'owner', env, asked.owner)
  const scopes = asked.scopes && findScopes(db, env, asked.scopes)
  if ((asked.owner !== undefined && !owner) || scopes?.length === 0) return undefined

  const conditions = [owner ? condition('owner_id = ?', owner.id) : condition('environment_id = ?', env)]
  if (personal !== undefined) conditions.push(condition('personal = ?', Number(personal)))
  if (scopes) conditions.push(condition('scope_set GLOB ?', anyScope(scopes.map(({ id }) => id))))

  const filter: Filter = { indexes: owner ? 'token_of_owner_by_' : 'token_by_', conditions }
  const counters = [owner ?? [], scopes ?? []].flat()
  // Never used is -1, which no bound includes.
  if (lastUsed) filter.lastUsed = { from: Math.max(lastUsed.from ?? 0, 0), to: lastUsed.to ?? Number.MAX_SAFE_INTEGER }
  else if (counters.length <= 1) filter.total = totalOf(counters[0] ?? environmentCounter(db, env), personal)
  return filter
}

function findScopes(db: Database, env: number, names: readonly string[]): Counter[] {
  return [...new Set(names)].flatMap((name) => findCounter(db, 'scope', env, name) ?? [])
}

function totalOf({ tokens, personalTokens }: Counter, personal: boolean | undefined): number {
  if (personal === undefined) return tokens
  return personal ? personalTokens : tokens - personalTokens
}

/** The conditions on the last use. Behind a position of the sort by last use, the position is one of the two bounds. */
export function lastUsedConditions({ lastUsed }: Filter, sort: ListSort, isBehindPosition: boolean): Condition[] {
  if (!lastUsed) return []
  const { from, to } = lastUsed
  if (sort.by !== 'lastUsedAt') return [withinDays(from, to)]
  const [lower, upper] = [condition('last_used_at >= ?', from), condition('last_used_at <= ?', to)]
  if (!isBehindPosition) return [lower, upper]
  return sort.direction === 'asc' ? [upper] : [lower]
}

/** By the day, which is in the index; the row is read only on the first and the last day. */
function withinDays(from: number, to: number): Condition {
  const [first, last] = [dayOf(from), dayOf(to)]
  return condition(
    'last_used_day BETWEEN ? AND ? AND (last_used_day BETWEEN ? AND ? OR last_used_at BETWEEN ? AND ?)',
    ...[first, last, first + 1, last - 1, from, to],
  )
}

export function condition(sql: string, ...values: Value[]): Condition {
  return { sql, values }
}
