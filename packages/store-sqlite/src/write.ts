import type { TokenPatch, TokenRecord, TokenUse } from '@latchkey/core'
import { type ArrivalRow, takeIn } from './arrivals.js'
import { recordChange } from './change-log.js'
import type { Cell, Database } from './database.js'
import { findToken, parseRecord } from './find.js'
import { Problem } from './problem.js'
import { columnText, detailJson, FOREVER, NEVER, RECORD_JOINS, RECORD_JSON, type SecretUse, splitId } from './rows.js'
import {
  bitsOf,
  countToken,
  joinScopes,
  leaveOwner,
  leaveScopes,
  linkScopes,
  type Scope,
  unlinkScopes,
} from './tallies.js'

// Each function belongs inside an IMMEDIATE transaction, and refuses before it writes anything.

export function insertToken(db: Database, row: ArrivalRow): void {
  if (takeIn(db, row)) return
  throw new Problem(`A token ${row[1]} exists already.`, { code: 'ERR_CONFLICT' })
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
  if (patch.secrets) columns.uses = JSON.stringify(patch.secrets.map(({ gen }) => useOf(record, gen)))
  if (Object.values(inDetail).some((value) => value !== undefined)) {
    const { metadata = record.metadata, scopes = record.scopes, networks = record.networks } = patch
    const { secrets = record.secrets, retired = record.retired } = patch
    const { metadata: _dropped, ...rest } = record
    const next = { ...rest, scopes, networks, secrets, retired, ...(metadata ? { metadata } : {}) }
    columns.detail = detailJson(next)
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
      `SELECT ${RECORD_JSON}, t.n FROM token t INDEXED BY token_by_expires ${RECORD_JOINS}
       WHERE t.env = ? AND t.expires < ? ORDER BY t.expires LIMIT ?`,
    )
    .all(env, Math.min(expiredBefore, FOREVER), limit)
  for (const [json, n] of rows) deleteToken(db, env, Number(n), parseRecord(json))
  return rows.length
}

export function touchTokens(db: Database, env: number, uses: readonly TokenUse[]): void {
  for (const { id, gen, at, ip = null } of uses) {
    const [prefix, publicPart] = splitId(id)
    const row = db.sql('SELECT n, used, prefix, uses FROM token WHERE env = ? AND public = ?').get(env, publicPart)
    if (!row || row[2] !== prefix) continue
    const n = Number(row[0])
    const before = JSON.parse(String(row[3])) as SecretUse[]
    const after = before.map((use): SecretUse => (use[0] === gen && use[1] < at ? [gen, at, ip] : use))
    const json = JSON.stringify(after)
    if (Number(row[1]) < at) {
      db.sql('UPDATE token SET used = ?, used_ip = ?, uses = ? WHERE n = ?').run(at, ip, json, n)
    } else if (json !== row[3]) {
      db.sql('UPDATE token SET uses = ? WHERE n = ?').run(json, n)
    }
  }
}

function deleteToken(db: Database, env: number, n: number, record: TokenRecord): void {
  const personal = Number(record.personal)
  unlinkScopes(db, n, leaveScopes(db, env, unique(record.scopes), personal))
  leaveOwner(db, env, record.owner, personal)
  countToken(db, env, personal, -1)
  db.sql('DELETE FROM token WHERE n = ?').run(n)
  recordChange(db, env, record.id)
}

/** The scopes that the token has afterwards. */
function replaceScopes(db: Database, env: number, n: number, record: TokenRecord, wanted: readonly string[]): Scope[] {
  const personal = Number(record.personal)
  unlinkScopes(db, n, leaveScopes(db, env, unique(record.scopes), personal))
  const scopes = joinScopes(db, env, unique(wanted), personal)
  linkScopes(db, n, scopes)
  return scopes
}

/** The last use of a secret that stays; none of one that is new. */
function useOf(record: TokenRecord, gen: number): SecretUse {
  const { lastUsedAt = NEVER, lastUsedIp = null } = record.secrets.find((secret) => secret.gen === gen) ?? {}
  return [gen, lastUsedAt, lastUsedIp]
}

function assertVersion(record: TokenRecord, expected: number): void {
  if (record.version === expected) return
  throw new Problem(`Token ${record.id} is at version ${record.version}, not ${expected}.`, { code: 'ERR_CONFLICT' })
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)]
}
