import type { TokenRecord } from '@latchkey/core/store'
import { type Database, openDatabase } from './database.js'
import { findToken } from './find.js'
import { isBusy } from './problem.js'

/** Page cache, in KiB: point reads are for the tokens in use, and the system caches the file besides. */
const CACHE_KIB = 8 * 1024

/** The host's own connection, which only reads, and never waits for a lock. */
export function openReader(path: string): Database {
  const db = openDatabase(path, 0)
  db.pragma('query_only = 1')
  db.pragma(`cache_size = -${CACHE_KIB}`)
  return db
}

/** The record, in microseconds on this thread; `'busy'` in the rare moments when a reader would have to wait. */
export function readToken(db: Database, env: number, id: string): TokenRecord | undefined | 'busy' {
  try {
    return findToken(db, env, id)?.record
  } catch (error) {
    if (isBusy(error)) return 'busy'
    throw error
  }
}
