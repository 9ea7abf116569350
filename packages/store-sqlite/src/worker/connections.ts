import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { noEnvironment, storeUnavailable } from '@latchkey/core/store'
import { type Database, openDatabase, transaction } from '../shared/database.js'
import { isBusy } from '../shared/errors.js'
import type { ExitLock } from '../shared/exit-lock.js'
import { fileIdentity } from '../shared/file.js'
import type { CallOf, Results } from '../shared/protocol.js'
import type { WorkerSettings } from '../shared/settings.js'
import { createCheckpointer } from './checkpoint.js'
import { prepareFile } from './prepare-file.js'
import { migrate } from './schema.js'

/** Writing over the log costs the disk less than making it longer, so it keeps this length. */
const MAX_LOG_BYTES = 32 * 2 ** 20
/** Page cache of each connection. */
const CACHE_KIB = 64 * 1024

/** The worker's connections. */
export interface Connections {
  identity: string
  /** Never waits for a lock: see `retryWhileBusy`. */
  writer: Database
  /** Lists read here from a snapshot while the writer writes. */
  reader: Database
  /** Call it after each transaction, with the number of tokens that it wrote. */
  checkpointIfDue(tokens: number): void
  close(): void
}

/** Opens the file, creating it and its tables if it is new. Throws `StoreError`, or an error of SQLite. */
export async function openConnections(settings: WorkerSettings, exitLock: ExitLock): Promise<Connections> {
  const { path, busyTimeout } = settings
  prepareFile(path, settings.create)
  const identity = fileIdentity(path) ?? ''
  if (settings.identity !== undefined && settings.identity !== identity) {
    throw storeUnavailable(`${path} is not the file that was opened before. Restart to use what is there.`)
  }
  const writer = openDatabase(path, 0, exitLock)
  try {
    await retryWhileBusy(busyTimeout, () => prepareDatabase(writer, path))
    // With FULL, a COMMIT waits until the disk has it.
    writer.pragma(`synchronous = ${settings.durability === 'full' ? 'FULL' : 'NORMAL'}`)
    writer.pragma('wal_autocheckpoint = 0')
    writer.pragma(`journal_size_limit = ${MAX_LOG_BYTES}`)
    writer.pragma(`cache_size = -${CACHE_KIB}`)
    if (settings.checkIntegrity) assertUndamaged(writer, path)
  } catch (error) {
    writer.close()
    throw error
  }
  const reader = openDatabase(path, busyTimeout, exitLock)
  reader.pragma('query_only = 1')
  reader.pragma(`cache_size = -${CACHE_KIB}`)
  const checkpointer = createCheckpointer(writer, path, exitLock)
  return {
    identity,
    writer,
    reader,
    checkpointIfDue: checkpointer.runIfDue,
    close() {
      try {
        if (fileIdentity(path) === identity) checkpointer.run()
      } finally {
        for (const connection of [checkpointer, reader, writer]) connection.close()
      }
    },
  }
}

/** Tables first, so that a file of another program is refused before anything of it changes. */
function prepareDatabase(db: Database, path: string): void {
  migrate(db, path)
  if (db.pragma('journal_mode = WAL') !== 'wal') {
    throw storeUnavailable(`${path}: this file system cannot hold a write-ahead log.`)
  }
}

/** Reads the whole file: 2 to 4 s per gigabyte. */
function assertUndamaged(db: Database, path: string): void {
  const found = db.pragma('quick_check(1)')
  if (found !== 'ok') throw storeUnavailable(`${path} is damaged (${String(found)}); restore it from a backup.`)
}

/** The environment of this name, created with this sealing key if there is none and that is wanted. */
export function openEnvironment(
  db: Database,
  { environment: name, sealingKey: newKey = randomBytes(32).toString('hex'), create }: CallOf<'open'>,
): Omit<Results['open'], 'identity'> {
  const find = () => db.get('SELECT id, dataset, sealing_key FROM environment WHERE name = ?', name)
  const row =
    find() ??
    transaction(db, () => {
      if (!create) throw noEnvironment(name)
      db.run(
        'INSERT INTO environment (name, dataset, sealing_key) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING',
        name,
        randomUUID(),
        newKey,
      )
      return find()
    })
  const [env, dataset, sealingKey] = row ?? []
  return { env: Number(env), dataset: String(dataset), sealingKey: String(sealingKey) }
}

const RETRY_INTERVAL_MS = 2

/**
 * Attempts again while another connection has the lock, for `timeout` ms at most. Unlike SQLite's own wait it leaves
 * the thread to lists and point reads.
 */
export async function retryWhileBusy<T>(timeout: number, attempt: () => T): Promise<T> {
  const deadline = performance.now() + timeout
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
    }
    await sleep(RETRY_INTERVAL_MS)
  }
}
