import { type Database, openDatabase } from '../shared/database.js'
import { isBusy, toStoreError } from '../shared/errors.js'
import type { ExitLock } from '../shared/exit-lock.js'

/** A new token takes about 17 pages of the write-ahead log, so that many take some 20 MiB. Other writes take less. */
const TOKENS_PER_CHECKPOINT = 300

/** Keeps the write-ahead log short. Call it between transactions. */
export interface Checkpointer {
  /** Checkpoints if enough was written since the last time. `tokens`: how many the last transaction wrote. */
  runIfDue(tokens: number): void
  run(): void
  close(): void
}

/**
 * SQLite before 3.51.3 (libsql 0.5.29 has 3.45.1) can damage a file when one process commits during the checkpoint of
 * another (its "WAL-reset bug"). So `writer` holds the write lock, and changes nothing, while another connection
 * checkpoints. May go when libsql has SQLite 3.51.3.
 */
export function createCheckpointer(writer: Database, path: string, exitLock: ExitLock): Checkpointer {
  const connection = openDatabase(path, 0, exitLock)
  connection.pragma('wal_autocheckpoint = 0')
  let written = 0

  function run(): void {
    try {
      writer.exec('BEGIN IMMEDIATE')
    } catch (error) {
      // Another process writes; there will be another occasion.
      if (isBusy(error)) return
      throw error
    }
    try {
      connection.pragma('wal_checkpoint(PASSIVE)')
    } catch (error) {
      // The writes are safe in the log, but whoever runs the process should know that the log keeps growing.
      process.emitWarning(toStoreError(error, path))
    } finally {
      writer.exec('ROLLBACK')
    }
  }

  return {
    run,
    runIfDue(tokens) {
      written += tokens
      if (written < TOKENS_PER_CHECKPOINT) return
      run()
      // Also if a long read kept the log from being emptied: this is not tried again at every write.
      written = 0
    },
    close: () => connection.close(),
  }
}
