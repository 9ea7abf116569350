import type { Database } from '../shared/libsql.js'
import { decrement, increment } from './counters.js'

/*
 * token.scope_set holds one character for each scope of the token. So `scope_set GLOB '*[…]*'` finds the tokens with any of
 * some scopes, exactly, and in an index.
 */

/** Counts one more token with each of these scopes, and returns its `scope_set`. */
export function addScopes(db: Database, env: number, scopes: readonly string[], personal: number): string {
  return [...new Set(scopes)].map((name) => scopeCharacter(increment(db, 'scope', env, name, personal))).join('')
}

/** Counts one token less with each of these scopes. */
export function removeScopes(db: Database, env: number, scopes: readonly string[], personal: number): void {
  for (const name of new Set(scopes)) decrement(db, 'scope', env, name, personal)
}

/** The pattern for GLOB of a `scope_set` with any of these scopes. */
export function anyScope(ids: readonly number[]): string {
  return `*[${ids.map(scopeCharacter).join('')}]*`
}

const FIRST = 0x100
const FIRST_SURROGATE = 0xd800
const FIRST_SUPPLEMENTARY = 0x10000

/**
 * The character of a scope: never one that has a meaning in GLOB. Throws a `RangeError` above 1,103,616, which is more scopes
 * than one file can have.
 */
function scopeCharacter(id: number): string {
  const code = FIRST + id - 1
  return String.fromCodePoint(code < FIRST_SURROGATE ? code : code - FIRST_SURROGATE + FIRST_SUPPLEMENTARY)
}
