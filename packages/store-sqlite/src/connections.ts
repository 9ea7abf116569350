import { type Database, openDatabase, rollback } from './database.js'
import { identityOf, prepareFile } from './file.js'
import { isBusy, Problem, problemOf } from './problem.js'
import type { WorkerSettings } from './protocol.js'
import { assertOurs, checkIntegrity, migrate } from './schema.js'

/** After so many pages, 16 MiB, the write-ahead log is brought into the file. */
const CHECKPOINT_PAGES = 4096
/** The log keeps its length, since writing over it costs the disk less than making it longer; but no more than this. */
const LOG_BYTES = 32 * 2 ** 20
/** Page cache of each of the two, in KiB. */
const CACHE_KIB = 64 * 1024

/** The worker's connections. */
export interface Connections {
  identity: string
  writer: Database
  /** Lists keep a snapshot here, while writes go on beside them. */
  reader: Database
  /** To be called between transactions, with about how many pages the last one wrote: keeps the write-ahead log short. */
  checkpointIfDue(pages: number): void
  close(): void
}

/** Opens the file, creating it and its tables if it is new. Throws `Problem`, or what SQLite says. */
export function openConnections(settings: WorkerSettings): Connections {
  const { path, busyTimeout } = settings
  prepareFile(path, settings.create)
  const identity = identityOf(path) ?? ''
  if (settings.identity !== undefined && settings.identity !== identity) {
    throw new Problem(`${path} is not the file that was opened before. Restart to use what is there.`)
  }
  const writer = openDatabase(path, busyTimeout)
  try {
    assertOurs(writer, path)
    switchToWal(writer, path, busyTimeout)
    writer.pragma(`synchronous = ${settings.durability === 'full' ? 'FULL' : 'NORMAL'}`)
    writer.pragma('wal_autocheckpoint = 0')
    writer.pragma(`journal_size_limit = ${LOG_BYTES}`)
    writer.pragma(`cache_size = -${CACHE_KIB}`)
    migrate(writer, path)
    if (settings.checkIntegrity) checkIntegrity(writer, path)
  } catch (error) {
    writer.close()
    throw error
  }
  const reader = openDatabase(path, busyTimeout)
  reader.pragma('query_only = 1')
  reader.pragma(`cache_size = -${CACHE_KIB}`)
  const checkpointer = openDatabase(path, 0)
  checkpointer.pragma('wal_autocheckpoint = 0')

  /**
   * SQLite before 3.51.3, as libsql 0.5 has it, can damage a file when a commit of one process falls into a checkpoint
   * of another (its "WAL-reset bug"). So nobody may commit meanwhile: the writer holds the lock, and changes nothing.
   */
  function checkpoint(): void {
    try {
      writer.sql('BEGIN IMMEDIATE').run()
    } catch (error) {
      // Somebody else is at it; there will be another occasion.
      if (isBusy(error)) return
      throw error
    }
    try {
      checkpointer.pragma('wal_checkpoint(PASSIVE)')
    } catch (error) {
      // The writes are safe in the log; who watches the process should know that it cannot be emptied.
      process.emitWarning(problemOf(error, path))
    } finally {
      rollback(writer)
    }
  }

  // What an earlier process left in the log is not counted: it is brought in with the first checkpoint.
  let waiting = 0
  return {
    identity,
    writer,
    reader,
    checkpointIfDue(pages) {
      waiting += pages
      if (waiting < CHECKPOINT_PAGES) return
      checkpoint()
      // Should a long reader hold it up, the log goes on growing: do not try again at every write.
      waiting = 0
    },
    close() {
      if (identityOf(path) === identity) checkpoint()
      for (const db of [checkpointer, reader, writer]) db.close()
    },
  }
}

/** Changing the mode does not wait for locks by itself. */
function switchToWal(db: Database, path: string, busyTimeout: number): void {
  const deadline = Date.now() + busyTimeout
  for (;;) {
    try {
      if (db.pragma('journal_mode = WAL') === 'wal') return
      throw new Problem(`${path}: this file system cannot hold a write-ahead log.`)
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}
