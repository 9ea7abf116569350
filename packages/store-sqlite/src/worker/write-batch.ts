import {
  applyPatch,
  applyUse,
  assertVersion,
  DamagedRecord,
  idTaken,
  requireTokenId,
  type TokenRecord,
} from '@latchkey/core/store'
import { type Database, transaction } from '../shared/database.js'
import { type FoundToken, findToken, parseRecord } from '../shared/find-token.js'
import type { CallOf, Results, Write } from '../shared/protocol.js'
import { type Columns, columnsOf } from './columns.js'
import { addScopes, countToken, decrement, increment, removeScopes, scopesIn } from './counters.js'
import type { QueuedCall } from './queue.js'

type Outcome = { ok: true; result: Results[Write['op']] } | { ok: false; error: unknown }

/** A transaction writes about so many tokens at most, so that lists and later writes do not wait long. */
const MAX_BATCH_TOKENS = 100

/** Takes the writes of the next transaction out of the list: at least one. */
export function takeBatch(waiting: QueuedCall<Write>[]): QueuedCall<Write>[] {
  let count = 0
  let tokens = 0
  for (const { call } of waiting) {
    tokens += tokensOf(call)
    if (count > 0 && tokens > MAX_BATCH_TOKENS) break
    count++
  }
  return waiting.splice(0, count)
}

/** How many tokens it writes at most. */
export function tokensOf(write: Write): number {
  if (write.op === 'touch') return write.uses.length
  return write.op === 'purge' ? write.limit : 1
}

/** Carries out all writes in one transaction, which waits for the disk once. Each succeeds or fails by itself. */
export function writeBatch(db: Database, batch: readonly QueuedCall<Write>[]): (Outcome & { number: number })[] {
  return transaction(db, () => batch.map(({ number, call }) => ({ number, ...attempt(db, call) })))
}

function attempt(db: Database, write: Write): Outcome {
  db.exec('SAVEPOINT one')
  try {
    const result = apply(db, write)
    db.exec('RELEASE one')
    return { ok: true, result }
  } catch (error) {
    // On a full disk SQLite has rolled back the whole transaction.
    if (!db.isInTransaction()) throw error
    db.exec('ROLLBACK TO one; RELEASE one')
    return { ok: false, error }
  }
}

function apply(db: Database, write: Write): Results[Write['op']] {
  switch (write.op) {
    case 'insert':
      insertToken(db, write)
      return undefined
    case 'update':
      return updateToken(db, write)
    case 'remove':
      return removeToken(db, write)
    case 'touch':
      touchTokens(db, write)
      return undefined
    case 'purge':
      return purgeTokens(db, write)
  }
}

// Each write belongs inside a transaction, which must be rolled back if it throws.

/** How many changes are kept for watchers that fall behind. */
const KEPT_CHANGES = 10_000
const CHANGES_BETWEEN_CLEANUPS = 1_000

function insertToken(db: Database, { env, record }: CallOf<'insert'>): void {
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
function updateToken(db: Database, call: CallOf<'update'>): TokenRecord | undefined {
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
function removeToken(db: Database, call: CallOf<'remove'>): boolean {
  const { env, id, expectedVersion } = call
  try {
    const found = findToken(db, env, id)
    if (!found) return false
    assertVersion(found.record, expectedVersion)
    deleteToken(db, env, found.rowId, id)
    return true
  } catch (error) {
    if (!(error instanceof DamagedRecord) || expectedVersion !== undefined) throw error
  }
  const { publicPart } = requireTokenId(id)
  const row = db.get('SELECT id FROM token WHERE environment_id = ? AND public_part = ?', env, publicPart)
  deleteToken(db, env, Number(row?.[0]), id)
  return true
}

function touchTokens(db: Database, { env, uses }: CallOf<'touch'>): void {
  for (const use of uses) {
    const found = readable(() => findToken(db, env, use.id))
    if (found) saveRecord(db, found, applyUse(found.record, use))
  }
}

/** Removes at most `limit` tokens, and returns their ids: none if there are no more. Passes over damaged ones. */
function purgeTokens(db: Database, { env, expiredBefore, limit }: CallOf<'purge'>): string[] {
  const before = Math.min(expiredBefore, Number.MAX_SAFE_INTEGER)
  for (let damaged = 0; ; damaged += limit) {
    const rows = db.all(
      `SELECT id, public_part, record FROM token INDEXED BY token_by_expires_at
       WHERE environment_id = ? AND expires_at < ? ORDER BY expires_at LIMIT ? OFFSET ?`,
      ...[env, before, limit, damaged],
    )
    const expired = rows.flatMap(([rowId, publicPart, json]) => {
      const record = readable(() => parseRecord(db.path, String(publicPart), json))
      return record === undefined ? [] : [{ rowId: Number(rowId), id: record.id }]
    })
    for (const { rowId, id } of expired) deleteToken(db, env, rowId, id)
    if (expired.length > 0 || rows.length < limit) return expired.map(({ id }) => id)
  }
}

/** What `read` returns, or `undefined` for a record that is damaged. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof DamagedRecord) return undefined
    throw error
  }
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

/** Goes by the columns, which a damaged record has too. */
function deleteToken(db: Database, env: number, rowId: number, id: string): void {
  const [owner, isPersonal, scopeSet] =
    db.get(
      'SELECT owner.name, personal, scope_set FROM token JOIN owner ON owner.id = owner_id WHERE token.id = ?',
      rowId,
    ) ?? []
  const personal = Number(isPersonal)
  db.run('DELETE FROM token WHERE id = ?', rowId)
  removeScopes(db, env, scopesIn(db, String(scopeSet)), personal)
  decrement(db, 'owner', env, String(owner), personal)
  countToken(db, env, -1, personal)
  logChange(db, env, id)
}

/** Tells the watchers of all processes. Returns the number of the change. */
function logChange(db: Database, env: number, id: string): number {
  const seq = Number(db.get('INSERT INTO change (environment_id, token) VALUES (?, ?) RETURNING seq', env, id)?.[0])
  if (seq % CHANGES_BETWEEN_CLEANUPS === 0) db.run('DELETE FROM change WHERE seq <= ?', seq - KEPT_CHANGES)
  return seq
}
