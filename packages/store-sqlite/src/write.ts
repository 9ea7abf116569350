import type { TokenPatch, TokenRecord, TokenUse } from '@latchkey/core'
import type { Cell, Database } from './database.js'
import { findToken, parseRecord } from './find.js'
import { Problem } from './problem.js'
import { columnText, detailJson, FOREVER, NEVER, RECORD_COLUMNS, RECORD_JOINS, splitId } from './rows.js'
import { bitsOf, countToken, joinOwner, joinScope, leaveOwner, leaveScope, type Scope } from './tallies.js'

/** How many changes are kept for watchers that fall behind. */
export const CHANGES_KEPT = 10_000

// Each function belongs inside an IMMEDIATE transaction, and refuses before it writes anything.

export function insertToken(db: Database, env: number, record: TokenRecord): void {
  const [prefix, publicPart] = splitId(record.id)
  if (db.sql('SELECT 1 FROM token WHERE env = ? AND public = ?').get(env, publicPart)) {
    throw new Problem(`A token ${publicPart} exists already.`, { code: 'ERR_CONFLICT' })
  }
  const name = columnText(record.name)
  const personal = Number(record.personal)
  const owner = joinOwner(db, env, record.owner, personal)
  const scopes = unique(record.scopes).map((scope) => joinScope(db, env, scope, personal))
  const { rowid: n } = db
    .sql(
      `INSERT INTO token (env, public, prefix, name, owner, personal, enabled, version,
         created, expires, modified, rotated, used, used_ip, scope_bits)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      ...[env, publicPart, prefix, name, owner, personal, Number(record.enabled), record.version, record.createdAt],
      ...[record.expiresAt ?? FOREVER, record.modifiedAt ?? NEVER, record.rotatedAt ?? null],
      ...[record.lastUsedAt ?? NEVER, record.lastUsedIp ?? null, bitsOf(scopes)],
    )
  db.sql('INSERT INTO detail (n, json) VALUES (?, ?)').run(n, detailJson(record))
  for (const { scope } of scopes) linkScope(db, n, scope)
  for (const { gen, lastUsedAt, lastUsedIp } of record.secrets) {
    addSecret(db, n, gen, lastUsedAt ?? NEVER, lastUsedIp ?? null)
  }
  countToken(db, env, personal, 1)
  recordChange(db, env, record.id)
}

export function updateToken(
  db: Database,
  env: number,
  id: string,
  patch: TokenPatch,
  expectedVersion: number,
): TokenRecord | undefined {
  const found = findToken(db, env, id)
  if (!found) return undefined
  const { n, record } = found
  assertVersion(record, expectedVersion)
  const { name, enabled, expiresAt, modifiedAt, rotatedAt, ...inDetail } = patch
  // Only what changes: a column that is set has its indexes written, changed or not.
  const columns: Record<string, Cell> = { version: record.version + 1 }
  if (name !== undefined) columns.name = columnText(name)
  if (enabled !== undefined) columns.enabled = Number(enabled)
  if (expiresAt !== undefined) columns.expires = expiresAt ?? FOREVER
  if (modifiedAt !== undefined) columns.modified = modifiedAt ?? NEVER
  if (rotatedAt !== undefined) columns.rotated = rotatedAt
  if (patch.scopes) columns.scope_bits = bitsOf(replaceScopes(db, env, n, record, patch.scopes))
  if (patch.secrets) replaceSecrets(db, n, record, patch.secrets)
  if (Object.values(inDetail).some((value) => value !== undefined)) {
    const { metadata = record.metadata, scopes = record.scopes, networks = record.networks } = patch
    const { secrets = record.secrets, retired = record.retired } = patch
    const { metadata: _dropped, ...rest } = record
    const next = { ...rest, scopes, networks, secrets, retired, ...(metadata ? { metadata } : {}) }
    db.sql('UPDATE detail SET json = ? WHERE n = ?').run(detailJson(next), n)
  }
  const assignments = Object.keys(columns).map((column) => `${column} = ?`)
  db.sql(`UPDATE token SET ${assignments.join(', ')} WHERE n = ?`).run(...Object.values(columns), n)
  recordChange(db, env, id)
  return findToken(db, env, id)?.record
}

export function removeToken(db: Database, env: number, id: string, expectedVersion?: number): boolean {
  const found = findToken(db, env, id)
  if (!found) return false
  if (expectedVersion !== undefined) assertVersion(found.record, expectedVersion)
  deleteToken(db, env, found.n, found.record)
  return true
}

/** Removes at most `limit` records that expired before the time, and says how many. */
export function purgeTokens(db: Database, env: number, expiredBefore: number, limit: number): number {
  const rows = db
    .sql(
      `SELECT ${RECORD_COLUMNS}, t.n FROM token t INDEXED BY token_by_expires ${RECORD_JOINS}
       WHERE t.env = ? AND t.expires < ? ORDER BY t.expires LIMIT ?`,
    )
    .all(env, Math.min(expiredBefore, FOREVER), limit)
  for (const row of rows) deleteToken(db, env, Number(row[3]), parseRecord(row))
  return rows.length
}

export function touchTokens(db: Database, env: number, uses: readonly TokenUse[]): void {
  for (const { id, gen, at, ip = null } of uses) {
    const [prefix, publicPart] = splitId(id)
    const row = db.sql('SELECT n, used, prefix FROM token WHERE env = ? AND public = ?').get(env, publicPart)
    if (!row || row[2] !== prefix) continue
    const n = Number(row[0])
    if (Number(row[1]) < at) db.sql('UPDATE token SET used = ?, used_ip = ? WHERE n = ?').run(at, ip, n)
    db.sql('UPDATE secret SET at = ?, ip = ? WHERE n = ? AND gen = ? AND at < ?').run(at, ip, n, gen, at)
  }
}

function deleteToken(db: Database, env: number, n: number, record: TokenRecord): void {
  const personal = Number(record.personal)
  for (const name of unique(record.scopes)) unlinkScope(db, n, leaveScope(db, env, name, personal).scope)
  leaveOwner(db, env, record.owner, personal)
  countToken(db, env, personal, -1)
  db.sql('DELETE FROM secret WHERE n = ?').run(n)
  db.sql('DELETE FROM detail WHERE n = ?').run(n)
  db.sql('DELETE FROM token WHERE n = ?').run(n)
  recordChange(db, env, record.id)
}

/** The scopes that the token has afterwards. */
function replaceScopes(db: Database, env: number, n: number, record: TokenRecord, wanted: readonly string[]): Scope[] {
  const personal = Number(record.personal)
  for (const name of unique(record.scopes)) unlinkScope(db, n, leaveScope(db, env, name, personal).scope)
  const scopes = unique(wanted).map((name) => joinScope(db, env, name, personal))
  for (const { scope } of scopes) linkScope(db, n, scope)
  return scopes
}

function replaceSecrets(db: Database, n: number, record: TokenRecord, wanted: readonly { gen: number }[]): void {
  const before = new Set(record.secrets.map(({ gen }) => gen))
  const after = new Set(wanted.map(({ gen }) => gen))
  for (const gen of before) if (!after.has(gen)) db.sql('DELETE FROM secret WHERE n = ? AND gen = ?').run(n, gen)
  for (const gen of after) if (!before.has(gen)) addSecret(db, n, gen, NEVER, null)
}

function addSecret(db: Database, n: number, gen: number, at: number, ip: string | null): void {
  db.sql('INSERT INTO secret (n, gen, at, ip) VALUES (?, ?, ?, ?)').run(n, gen, at, ip)
}

function linkScope(db: Database, n: number, scope: number): void {
  db.sql('INSERT INTO token_scope (scope, n) VALUES (?, ?)').run(scope, n)
}

function unlinkScope(db: Database, n: number, scope: number): void {
  db.sql('DELETE FROM token_scope WHERE scope = ? AND n = ?').run(scope, n)
}

function recordChange(db: Database, env: number, id: string): void {
  const { rowid: seq } = db.sql('INSERT INTO change (env, id) VALUES (?, ?)').run(env, id)
  if (seq % 1_000 === 0) db.sql('DELETE FROM change WHERE seq <= ?').run(seq - CHANGES_KEPT)
}

function assertVersion(record: TokenRecord, expected: number): void {
  if (record.version === expected) return
  throw new Problem(`Token ${record.id} is at version ${record.version}, not ${expected}.`, { code: 'ERR_CONFLICT' })
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)]
}
