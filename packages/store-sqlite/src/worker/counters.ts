import type { Database, Row } from '../shared/database.js'
import { columnText } from './columns.js'

// How many tokens an environment, an owner and a scope have, and how many of these are personal (`personal` is 0 or 1).

export interface Counter {
  id: number
  tokens: number
  personalTokens: number
}

export function environmentCounter(db: Database, env: number): Counter {
  const row = db.get('SELECT id, tokens, personal_tokens FROM environment WHERE id = ?', env)
  return counterOf(row ?? [env, 0, 0])
}

/** `undefined` if no token has the owner or scope. */
export function findCounter(db: Database, table: 'owner' | 'scope', env: number, name: string): Counter | undefined {
  const row = db.get(
    `SELECT id, tokens, personal_tokens FROM ${table} WHERE environment_id = ? AND name = ?`,
    env,
    name,
  )
  return row && counterOf(row)
}

function counterOf([id, tokens, personalTokens]: Row): Counter {
  return { id: Number(id), tokens: Number(tokens), personalTokens: Number(personalTokens) }
}

/** Counts one more token of the environment, or with -1 one less. */
export function countToken(db: Database, env: number, by: 1 | -1, personal: number): void {
  db.run(
    'UPDATE environment SET tokens = tokens + ?, personal_tokens = personal_tokens + ? WHERE id = ?',
    by,
    by * personal,
    env,
  )
}

/** Counts one more token of the owner or scope, and returns its id. */
export function increment(db: Database, table: 'owner' | 'scope', env: number, name: string, personal: number): number {
  const row = db.get(
    `INSERT INTO ${table} (environment_id, name, tokens, personal_tokens) VALUES (?, ?, 1, ?)
     ON CONFLICT (environment_id, name)
     DO UPDATE SET tokens = tokens + 1, personal_tokens = personal_tokens + excluded.personal_tokens
     RETURNING id`,
    env,
    columnText(name),
    personal,
  )
  return Number(row?.[0])
}

/** Counts one token less. An owner or scope without tokens is deleted. */
export function decrement(db: Database, table: 'owner' | 'scope', env: number, name: string, personal: number): void {
  db.run(
    `UPDATE ${table} SET tokens = tokens - 1, personal_tokens = personal_tokens - ?
     WHERE environment_id = ? AND name = ?`,
    personal,
    env,
    name,
  )
  db.run(`DELETE FROM ${table} WHERE environment_id = ? AND name = ? AND tokens = 0`, env, name)
}

/*
 * token.scope_set holds one character for each scope of the token. So `scope_set GLOB '*[…]*'` finds the tokens with
 * any of some scopes, exactly, and in an index.
 */

/** Counts one more token with each of these scopes, and returns its `scope_set`. */
export function addScopes(db: Database, env: number, scopes: readonly string[], personal: number): string {
  return [...new Set(scopes)].map((name) => scopeCharacter(increment(db, 'scope', env, name, personal))).join('')
}

/** Counts one token less with each of these scopes. */
export function removeScopes(db: Database, env: number, scopes: readonly string[], personal: number): void {
  for (const name of new Set(scopes)) decrement(db, 'scope', env, name, personal)
}

/** The names of the scopes in a `scope_set`. */
export function scopesIn(db: Database, scopeSet: string): string[] {
  return [...scopeSet].flatMap((character) => {
    const row = db.get('SELECT name FROM scope WHERE id = ?', scopeId(character))
    return row ? [String(row[0])] : []
  })
}

/** The pattern for GLOB of a `scope_set` with any of these scopes. */
export function anyScope(ids: readonly number[]): string {
  return `*[${ids.map(scopeCharacter).join('')}]*`
}

const FIRST = 0x100
const FIRST_SURROGATE = 0xd800
const FIRST_SUPPLEMENTARY = 0x10000

/**
 * The character of a scope: never one that has a meaning in GLOB. Throws a `RangeError` above 1,103,616, which is more
 * scopes than one file can have.
 */
function scopeCharacter(id: number): string {
  const code = FIRST + id - 1
  return String.fromCodePoint(code < FIRST_SURROGATE ? code : code - FIRST_SURROGATE + FIRST_SUPPLEMENTARY)
}

function scopeId(character: string): number {
  const code = character.codePointAt(0) ?? 0
  return (code < FIRST_SURROGATE ? code : code - FIRST_SUPPLEMENTARY + FIRST_SURROGATE) - FIRST + 1
}
