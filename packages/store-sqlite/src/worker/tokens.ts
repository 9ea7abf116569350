import { applyPatch, applyUse, idTaken, requireTokenId, type TokenRecord, versionConflict } from '@latchkey/core/store'
import { type FoundToken, findToken, parseRecord } from '../shared/find-token.js'
import type { Database } from '../shared/libsql.js'
import type { CallOf } from '../shared/protocol.js'
import { type Columns, columnsOf } from './columns.js'
import { countToken, decrement, increment } from './counters.js'
import { addScopes, removeScopes } from './scopes.js'

// The writes. Each belongs inside a transaction, which must be rolled back if it throws.

/** How many changes are kept for watchers that fall behind. */
const KEPT_CHANGES = 10_000
const CHANGES_BETWEEN_CLEANUPS = 1_000

export function insertToken(db: Database, { env, record }: CallOf<'insert'>): void {
  const { publicPart } = requireTokenId(record.id)
  if (db.get('SELECT 1 FROM token WHERE environment_id = ? AND public_part = ?', env, publicPart)) {
    throw idTaken(publicPart)
  }
  const columns: Columns = {
    environment_id: env,
    public_part: publicPart,
    owner_id: increment(db, 'owner', env, record.owner, Number(record.personal)),
    seq: logChange(db, env, record.id),
    scope_set: addScopes(db, env, record.scopes, Number(record.personal)),
    ...columnsOf(record),
  }
  const names = Object.keys(columns)
  const values = Object.values(columns)
  db.run(`INSERT INTO token (${names.join()}) VALUES (${names.map(() => '?').join()})`, ...values)
  countToken(db, env, 1, Number(record.personal))
}

/** Returns the new record, or `undefined` if there is none. */
export function updateToken(db: Database, call: CallOf<'update'>): TokenRecord | undefined {
  const { env, id, patch, expectedVersion } = call
  const found = findToken(db, env, id)
  if (!found) return undefined
  assertVersion(found.record, expectedVersion)
  const next = applyPatch(found.record, patch)
  saveRecord(db, found, next, patch.scopes && { scope_set: replaceScopes(db, env, found.record, next.scopes) })
  logChange(db, env, id)
  return next
}

/** Whether there was one. */
export function removeToken(db: Database, { env, id, expectedVersion }: CallOf<'remove'>): boolean {
  const found = findToken(db, env, id)
  if (!found) return false
  if (expectedVersion !== undefined) assertVersion(found.record, expectedVersion)
  deleteToken(db, env, found)
  return true
}

export function touchTokens(db: Database, { env, uses }: CallOf<'touch'>): void {
  for (const use of uses) {
    const found = findToken(db, env, use.id)
    if (found) saveRecord(db, found, applyUse(found.record, use))
  }
}

/** Removes at most `limit` tokens, and returns how many. */
export function purgeTokens(db: Database, { env, expiredBefore, limit }: CallOf<'purge'>): number {
  const rows = db.all(
    `SELECT id, record FROM token INDEXED BY token_by_expires_at
     WHERE environment_id = ? AND expires_at < ? ORDER BY expires_at LIMIT ?`,
    env,
    Math.min(expiredBefore, Number.MAX_SAFE_INTEGER),
    limit,
  )
  for (const [rowId, record] of rows) deleteToken(db, env, { rowId: Number(rowId), record: parseRecord(record) })
  return rows.length
}

/** Sets only the columns that change, since SQLite writes the indexes of every column that is set. */
function saveRecord(db: Database, { rowId, record }: FoundToken, next: TokenRecord, more?: Columns): void {
  const before = columnsOf(record)
  const changed = Object.entries({ ...columnsOf(next), ...more }).filter(([name, value]) => value !== before[name])
  if (changed.length === 0) return
  const assignments = changed.map(([name]) => `${name} = ?`)
  db.run(`UPDATE token SET ${assignments.join()} WHERE id = ?`, ...changed.map(([, value]) => value), rowId)
}

/** Returns the `scope_set` of the new scopes. */
function replaceScopes(db: Database, env: number, record: TokenRecord, scopes: readonly string[]): string {
  const personal = Number(record.personal)
  const scopeSet = addScopes(db, env, scopes, personal)
  removeScopes(db, env, record.scopes, personal)
  return scopeSet
}

function deleteToken(db: Database, env: number, { rowId, record }: FoundToken): void {
  const personal = Number(record.personal)
  db.run('DELETE FROM token WHERE id = ?', rowId)
  removeScopes(db, env, record.scopes, personal)
  decrement(db, 'owner', env, record.owner, personal)
  countToken(db, env, -1, personal)
  logChange(db, env, record.id)
}

/** Tells the watchers of all processes. Returns the number of the change. */
function logChange(db: Database, env: number, id: string): number {
  const seq = Number(db.get('INSERT INTO change (environment_id, token) VALUES (?, ?) RETURNING seq', env, id)?.[0])
  if (seq % CHANGES_BETWEEN_CLEANUPS === 0) db.run('DELETE FROM change WHERE seq <= ?', seq - KEPT_CHANGES)
  return seq
}

function assertVersion(record: TokenRecord, expected: number): void {
  if (record.version !== expected) throw versionConflict(record.id, record.version, expected)
}
