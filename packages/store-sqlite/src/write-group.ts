import { fileArrivals } from './arrivals.js'
import { type Database, transaction } from './database.js'
import { isBusy, isConflict } from './problem.js'
import type { Results, Write } from './protocol.js'
import { insertToken, purgeTokens, removeToken, touchTokens, updateToken } from './write.js'

export type Outcome = { ok: true; result: Results[Write['op']] } | { ok: false; error: unknown }

/**
 * Carries out all writes in one transaction, which costs one wait for the disk. Each is atomic all the same: a conflict
 * is noticed before its call changes anything, and should one fail in another way, each gets a transaction of its own.
 */
export function applyGroup(db: Database, writes: readonly Write[]): Outcome[] {
  try {
    return transaction(db, 'IMMEDIATE', () => writes.map((write) => applyOne(db, write)))
  } catch (error) {
    if (writes.length === 1 || isBusy(error)) return writes.map(() => ({ ok: false, error }))
    return writes.flatMap((write) => applyGroup(db, [write]))
  }
}

function applyOne(db: Database, write: Write): Outcome {
  try {
    return { ok: true, result: apply(db, write) }
  } catch (error) {
    if (isConflict(error)) return { ok: false, error }
    throw error
  }
}

function apply(db: Database, write: Write): Results[Write['op']] {
  if (write.op !== 'insert') fileArrivals(db)
  switch (write.op) {
    case 'insert':
      insertToken(db, write.row)
      return undefined
    case 'update':
      return updateToken(db, write.env, write.id, write.patch, write.expectedVersion)
    case 'remove':
      return removeToken(db, write.env, write.id, write.expectedVersion)
    case 'touch':
      touchTokens(db, write.env, write.uses)
      return undefined
    case 'purge':
      return purgeTokens(db, write.env, write.expiredBefore, write.limit)
  }
}

/** About how many pages of the file it changes: every index of a token, or only those of the last use. */
export function pagesOf(write: Write): number {
  if (write.op === 'touch') return 5 * write.uses.length
  return write.op === 'purge' ? 20 * write.limit : 20
}
