import type { StoredSecret, TokenPatch, TokenRecord, TokenUse } from '@latchkey/core/store'
import { type ArrivalRow, takeIn } from './arrivals.js'
import { recordChange } from './change-log.js'
import type { Cell, Database } from './database.js'
import { findToken, parseRecord } from './find.js'
import { Problem } from './problem.js'
import {
  columnText,
  dayOf,
  detailJson,
  FOREVER,
  NEVER,
  RECORD_JSON,
  type SecretUse,
  splitId,
  type Uses,
  usesJson,
} from './rows.js'
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
  const next = patchRecord(record, patch)
  // Only what changes: a column that is set has its indexes written, changed or not.
  const columns: Record<string, Cell> = { detail: detailJson(next) }
  if (patch.name !== undefined) columns.name = columnText(next.name)
  if (patch.expiresAt !== undefined) columns.expires = next.expiresAt ?? FOREVER
  if (patch.modifiedAt !== undefined) columns.modified = next.modifiedAt ?? NEVER
  if (patch.scopes) columns.scope_bits = bitsOf(replaceScopes(db, env, n, record, next.scopes))
  if (patch.secrets) columns.uses = usesJson(next)
  setColumns(db, n, columns)
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
      `SELECT ${RECORD_JSON}, t.n FROM token t INDEXED BY token_by_expires
       WHERE t.env = ? AND t.expires < ? ORDER BY t.expires LIMIT ?`,
    )
    .all(env, Math.min(expiredBefore, FOREVER), limit)
  for (const [json, n] of rows) deleteToken(db, env, Number(n), parseRecord(json))
  return rows.length
}

export function touchTokens(db: Database, env: number, touches: readonly TokenUse[]): void {
  for (const { id, gen, at, ip = null } of touches) {
    const [prefix, publicPart] = splitId(id)
    const row = db
      .sql('SELECT n, prefix, uses, used, used_day FROM token WHERE env = ? AND public = ?')
      .get(env, publicPart)
    if (!row || row[1] !== prefix) continue
    const [n, , before, used, day] = row
    const [usedIp, ...secrets] = JSON.parse(String(before)) as Uses
    const isNewest = Number(used) < at
    const after = [
      isNewest ? ip : usedIp,
      ...secrets.map((use): SecretUse => (use[0] === gen && use[1] < at ? [gen, at, ip] : use)),
    ]
    const json = JSON.stringify(after)
    const columns: Record<string, Cell> = {}
    if (json !== before) columns.uses = json
    if (isNewest) columns.used = at
    // It stands in the indexes of the other sorts: most touches leave those alone.
    if (isNewest && dayOf(at) !== day) columns.used_day = dayOf(at)
    if (json !== before || isNewest) setColumns(db, Number(n), columns)
  }
}

function setColumns(db: Database, n: number, columns: Record<string, Cell>): void {
  const assignments = Object.keys(columns).map((column) => `${column} = ?`)
  db.sql(`UPDATE token SET ${assignments.join(', ')} WHERE n = ?`).run(...Object.values(columns), n)
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

/** The next version. Each secret that stays keeps its last use. */
function patchRecord(record: TokenRecord, patch: TokenPatch): TokenRecord {
  const { name = record.name, enabled = record.enabled, retired = record.retired } = patch
  const { scopes = record.scopes, networks = record.networks } = patch
  const next: TokenRecord = { ...record, name, enabled, scopes, networks, retired, version: record.version + 1 }
  if (patch.secrets) next.secrets = patch.secrets.map((secret) => withLastUse(secret, record))
  for (const member of ['metadata', 'expiresAt', 'modifiedAt', 'rotatedAt'] as const) {
    if (patch[member] === null) delete next[member]
    else if (patch[member] !== undefined) Object.assign(next, { [member]: patch[member] })
  }
  return next
}

function withLastUse({ gen, hash, tag, until }: StoredSecret, { secrets }: TokenRecord): StoredSecret {
  const { lastUsedAt, lastUsedIp } = secrets.find((secret) => secret.gen === gen) ?? {}
  const secret: StoredSecret = { gen, hash, tag }
  if (until !== undefined) secret.until = until
  if (lastUsedAt !== undefined) secret.lastUsedAt = lastUsedAt
  if (lastUsedIp !== undefined) secret.lastUsedIp = lastUsedIp
  return secret
}

function assertVersion(record: TokenRecord, expected: number): void {
  if (record.version === expected) return
  throw new Problem(`Token ${record.id} is at version ${record.version}, not ${expected}.`, { code: 'ERR_CONFLICT' })
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)]
}
