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

/** Counts one more token with this scope. */
export function joinScope(db: Database, env: number, name: string, personal: number): Scope {
  const known = db
    .sql(
      `UPDATE scope SET tokens = tokens + 1, personal = personal + ? WHERE env = ? AND name = ? RETURNING scope, bit`,
    )
    .get(personal, env, columnText(name))
  if (known) return { scope: Number(known[0]), bit: Number(known[1]) }
  const bit = freeBit(db, env)
  const { rowid } = db
    .sql('INSERT INTO scope (env, name, bit, tokens, personal) VALUES (?, ?, ?, 1, ?)')
    .run(env, columnText(name), bit, personal)
  return { scope: rowid, bit }
}

/** Counts one token less. A scope without tokens is forgotten, and its bit is free again. */
export function leaveScope(db: Database, env: number, name: string, personal: number): Scope {
  const row = db
    .sql(
      `UPDATE scope SET tokens = tokens - 1, personal = personal - ? WHERE env = ? AND name = ?
       RETURNING scope, bit, tokens`,
    )
    .get(personal, env, columnText(name))
  const left = { scope: Number(row?.[0]), bit: Number(row?.[1]) }
  if (row?.[2] === 0) db.sql('DELETE FROM scope WHERE scope = ?').run(left.scope)
  return left
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
