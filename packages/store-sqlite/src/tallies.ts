import type { Database } from './database.js'
import { columnText } from './rows.js'

/**
 * Scopes with a lower bit have that bit of `token.scope_bits` to themselves; all others share this one and are told
 * apart by `token_scope`. Sums of these stay exact as JavaScript numbers.
 */
export const SHARED_BIT = 52

/** Adds a token to the environment's totals, or with `by` = -1 takes it out. */
export function countToken(db: Database, env: number, personal: number, by: 1 | -1): void {
  db.sql('UPDATE environment SET tokens = tokens + ?, personal = personal + ? WHERE env = ?').run(
    by,
    by * personal,
    env,
  )
}

/** Counts one more token of this owner, and gives the owner's number. */
export function joinOwner(db: Database, env: number, name: string, personal: number): number {
  const row = db
    .sql(
      `INSERT INTO owner (env, name, tokens, personal) VALUES (?, ?, 1, ?)
       ON CONFLICT (env, name) DO UPDATE SET tokens = tokens + 1, personal = personal + excluded.personal
       RETURNING owner`,
    )
    .get(env, columnText(name), personal)
  return Number(row?.[0])
}

/** Counts one token less. An owner without tokens is forgotten. */
export function leaveOwner(db: Database, env: number, name: string, personal: number): void {
  const row = db
    .sql(
      `UPDATE owner SET tokens = tokens - 1, personal = personal - ? WHERE env = ? AND name = ? RETURNING owner, tokens`,
    )
    .get(personal, env, columnText(name))
  if (row?.[1] === 0) db.sql('DELETE FROM owner WHERE owner = ?').run(Number(row[0]))
}

export interface Scope {
  scope: number
  bit: number
}

/** Counts one more token with each of these scopes, which are all different. */
export function joinScopes(db: Database, env: number, names: readonly string[], personal: number): Scope[] {
  if (names.length === 0) return []
  const wanted = names.map(columnText)
  const known = db
    .sql(
      `UPDATE scope SET tokens = tokens + 1, personal = personal + ?
       WHERE env = ? AND name IN (SELECT value FROM json_each(?)) RETURNING scope, bit, name`,
    )
    .all(personal, env, JSON.stringify(wanted))
  const scopes = known.map(([scope, bit]) => ({ scope: Number(scope), bit: Number(bit) }))
  if (known.length === names.length) return scopes
  const found = new Set(known.map(([, , name]) => name))
  return [...scopes, ...wanted.filter((name) => !found.has(name)).map((name) => addScope(db, env, name, personal))]
}

function addScope(db: Database, env: number, name: string, personal: number): Scope {
  const bit = freeBit(db, env)
  const { rowid } = db
    .sql('INSERT INTO scope (env, name, bit, tokens, personal) VALUES (?, ?, ?, 1, ?)')
    .run(env, name, bit, personal)
  return { scope: rowid, bit }
}

/** Counts one token less with each of these scopes. One without tokens is forgotten, and its bit is free again. */
export function leaveScopes(db: Database, env: number, names: readonly string[], personal: number): Scope[] {
  if (names.length === 0) return []
  const left = db
    .sql(
      `UPDATE scope SET tokens = tokens - 1, personal = personal - ?
       WHERE env = ? AND name IN (SELECT value FROM json_each(?)) RETURNING scope, bit, tokens`,
    )
    .all(personal, env, JSON.stringify(names.map(columnText)))
  for (const [scope, , tokens] of left) {
    if (tokens === 0) db.sql('DELETE FROM scope WHERE scope = ?').run(Number(scope))
  }
  return left.map(([scope, bit]) => ({ scope: Number(scope), bit: Number(bit) }))
}

// One statement for all scopes of a token: each costs more than its work.

export function linkScopes(db: Database, n: number, scopes: readonly Scope[]): void {
  db.sql('INSERT INTO token_scope (scope, n) SELECT value, ? FROM json_each(?)').run(n, numbersOf(scopes))
}

export function unlinkScopes(db: Database, n: number, scopes: readonly Scope[]): void {
  db.sql('DELETE FROM token_scope WHERE n = ? AND scope IN (SELECT value FROM json_each(?))').run(n, numbersOf(scopes))
}

function numbersOf(scopes: readonly Scope[]): string {
  return JSON.stringify(scopes.map(({ scope }) => scope))
}

export function bitsOf(scopes: readonly Scope[]): number {
  const bits = new Set(scopes.map(({ bit }) => bit))
  return [...bits].reduce((sum, bit) => sum + 2 ** bit, 0)
}

function freeBit(db: Database, env: number): number {
  const taken = new Set(
    db
      .sql(`SELECT bit FROM scope INDEXED BY scope_by_bit WHERE env = ? AND bit < ${SHARED_BIT}`)
      .all(env)
      .map(([bit]) => bit),
  )
  let bit = 0
  while (bit < SHARED_BIT && taken.has(bit)) bit++
  return bit
}
