import { type Database, transaction } from '../shared/libsql.js'
import type { Results, Write } from '../shared/protocol.js'
import type { Waiting } from './queue.js'
import { insertToken, purgeTokens, removeToken, touchTokens, updateToken } from './tokens.js'

/** A transaction writes about so many tokens at most, so that lists and later writes do not wait long. */
const MAX_BATCH_TOKENS = 100

export type Outcome = { ok: true; result: Results[Write['op']] } | { ok: false; error: unknown }

/** Takes the writes of the next transaction out of the list: at least one. */
export function takeBatch(waiting: Waiting<Write>[]): Waiting<Write>[] {
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

/** Carries out all writes in one transaction, whose COMMIT waits for the disk once. Each write succeeds or fails by itself. */
export function writeBatch(db: Database, batch: readonly Waiting<Write>[]): (Outcome & { number: number })[] {
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
