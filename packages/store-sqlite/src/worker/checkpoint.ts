import { isBusy, toStoreError } from '../shared/errors.js'
import type { Database } from '../shared/libsql.js'

/** A checkpoint is due after so many changed rows: about 16 MiB of the write-ahead log. */
const CHECKPOINT_ROWS = 1_500

/** Keeps the write-ahead log short. */
export interface Checkpointer {
  /** Checkpoints if enough was written since the last time. Call it between transactions. */
  runIfDue(): void
  run(): void
}

/**
 * SQLite before 3.51.3 (libsql 0.5.29 has 3.45.1) can damage a file when one process commits during the checkpoint of another
 * (its "WAL-reset bug"). So `writer` holds the write lock, and changes nothing, while `other`, a connection of its own, runs
 * the checkpoint. May go when libsql has SQLite 3.51.3.
 */
export function createCheckpointer(writer: Database, other: Database, path: string): Checkpointer {
  let rowsBefore = 0

  function run(): void {
    try {
      writer.exec('BEGIN IMMEDIATE')
    } catch (error) {
      // Another process writes; the next write is another occasion.
      if (isBusy(error)) return
      throw error
    }
    try {
      other.pragma('wal_checkpoint(PASSIVE)')
    } catch (error) {
      // The writes are safe in the log, but whoever runs the process should know that the log keeps growing.
      process.emitWarning(toStoreError(error, path))
    } finally {
      writer.exec('ROLLBACK')
    }
  }

  return {
    run,
    runIfDue() {
      const rows = Number(writer.get('SELECT total_changes()')?.[0])
      if (rows - rowsBefore < CHECKPOINT_ROWS) return
      run()
      // Even if a long read kept the log from being emptied: do not try again at every write.
      rowsBefore = rows
    },
  }
}
