import { isBusy, toStoreError } from '../shared/errors.js'
import type { ExitLock } from '../shared/exit-lock.js'
import { type Database, openDatabase } from '../shared/libsql.js'

/** So many changed rows fill about 16 MiB of the write-ahead log. */
const ROWS_PER_CHECKPOINT = 1_500

/** Keeps the write-ahead log short. Call it between transactions. */
export interface Checkpointer {
  /** Checkpoints if enough was written since the last time. */
  runIfDue(): void
  run(): void
  close(): void
}

/**
 * SQLite before 3.51.3 (libsql 0.5.29 has 3.45.1) can damage a file when one process commits during the checkpoint of another
 * (its "WAL-reset bug"). So `writer` holds the write lock, and changes nothing, while another connection checkpoints. May go
 * when libsql has SQLite 3.51.3.
 */
export function createCheckpointer(writer: Database, path: string, exitLock: ExitLock): Checkpointer {
  const connection = openDatabase(path, 0, exitLock)
  connection.pragma('wal_autocheckpoint = 0')
  let rowsBefore = 0

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
    runIfDue() {
      const rows = Number(writer.get('SELECT total_changes()')?.[0])
      if (rows - rowsBefore < ROWS_PER_CHECKPOINT) return
      run()
      // Also if a long read kept the log from being emptied: this is not tried again at every write.
      rowsBefore = rows
    },
    close: () => connection.close(),
  }
}
