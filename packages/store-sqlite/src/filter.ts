import type { ListFilter } from '@latchkey/core/store'
import type { Cell, Database } from './database.js'
import { columnText, dayOf } from './rows.js'
import { SHARED_BIT } from './tallies.js'

/** How many tokens there are, and how many of them are personal. */
export interface Tally {
  tokens: number
  personal: number
}

/** A filter in the numbers of the file. */
export interface Filter {
  env: number
  /** Of the whole environment. */
  all: Tally
  owner?: Tally & { owner: number }
  personal?: boolean
  /** Those of the asked scopes that any token has; not empty. */
  scopes?: readonly (Tally & { scope: number; bit: number })[]
  used?: UsedRange
}

/** Both ends included. */
export interface UsedRange {
  from: number
  to: number
}

export interface Condition {
  sql: string
  values: readonly Cell[]
}

/** `undefined` if nothing can match: no token has the owner, or any of the scopes. */
export function resolveFilter(db: Database, env: number, asked: ListFilter): Filter | undefined {
  const filter: Filter = {
    env,
    all: tallyOf(db.sql('SELECT tokens, personal FROM environment WHERE env = ?').get(env)),
  }
  if (asked.owner !== undefined) {
    const row = db
      .sql('SELECT tokens, personal, owner FROM owner WHERE env = ? AND name = ?')
      .get(env, columnText(asked.owner))
    if (!row) return undefined
    filter.owner = { ...tallyOf(row), owner: Number(row[2]) }
  }
  if (asked.scopes) {
    filter.scopes = [...new Set(asked.scopes)].flatMap((name) => {
      const row = db
        .sql('SELECT tokens, personal, scope, bit FROM scope WHERE env = ? AND name = ?')
        .get(env, columnText(name))
      return row ? [{ ...tallyOf(row), scope: Number(row[2]), bit: Number(row[3]) }] : []
    })
    if (filter.scopes.length === 0) return undefined
  }
  if (asked.personal !== undefined) filter.personal = asked.personal
  if (asked.lastUsed) filter.used = usedRange(asked.lastUsed)
  return filter
}

export function usedRange({ from = 0, to = Number.MAX_SAFE_INTEGER }: NonNullable<ListFilter['lastUsed']>): UsedRange {
  // Never used is -1, which no bound may reach.
  return { from: Math.max(from, 0), to }
}

/** What a token `t` must fulfil beside its environment and its range of last use. */
export function facetConditions({ owner, personal, scopes }: Filter): Condition[] {
  const conditions: Condition[] = []
  if (owner) conditions.push({ sql: 't.owner = ?', values: [owner.owner] })
  if (personal !== undefined) conditions.push({ sql: 't.personal = ?', values: [Number(personal)] })
  if (scopes) conditions.push(scopeCondition(scopes))
  return conditions
}

function scopeCondition(scopes: NonNullable<Filter['scopes']>): Condition {
  const own = scopes.filter(({ bit }) => bit < SHARED_BIT)
  const shared = scopes.filter(({ bit }) => bit === SHARED_BIT)
  const ownBits = own.reduce((sum, { bit }) => sum + 2 ** bit, 0)
  if (shared.length === 0) return { sql: 't.scope_bits & ? <> 0', values: [ownBits] }
  return {
    sql: `(t.scope_bits & ? <> 0 OR (t.scope_bits & ? <> 0 AND EXISTS (
      SELECT 1 FROM token_scope s WHERE s.n = t.n AND s.scope IN (${shared.map(() => '?').join()}))))`,
    values: [ownBits, 2 ** SHARED_BIT, ...shared.map(({ scope }) => scope)],
  }
}

export function usedCondition({ used }: Filter): Condition[] {
  return used ? [{ sql: 't.used BETWEEN ? AND ?', values: [used.from, used.to] }] : []
}

/**
 * The same by an index that holds only the day: rows are looked up for those of the first and the last one. No range begins
 * before 0 (see `usedRange`), so that tokens never used lie in none.
 */
export function usedByDay({ used }: Filter): Condition[] {
  if (!used) return []
  const [first, last] = [dayOf(used.from), dayOf(used.to)]
  return [
    { sql: 't.used_day BETWEEN ? AND ?', values: [first, last] },
    {
      sql: '(t.used_day BETWEEN ? AND ? OR t.used BETWEEN ? AND ?)',
      values: [first + 1, last - 1, used.from, used.to],
    },
  ]
}

function tallyOf(row: readonly Cell[] | undefined): Tally {
  return { tokens: Number(row?.[0] ?? 0), personal: Number(row?.[1] ?? 0) }
}
