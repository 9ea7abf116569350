import { resolve } from 'node:path'
import { assertKnownOptions, booleanOption, integerOption, optionError } from '@latchkey/core/store'
import type { WorkerSettings } from '../shared/settings.js'

/** Where the tokens lie, and how they are kept. */
export interface SqliteStoreOptions {
  /**
   * The file, relative to the working directory unless absolute. It is created if missing (mode 0600), and so is its
   * folder (0700) if only that one is missing. A symbolic link is refused. `path-wal` and `path-shm` beside it belong
   * to it while it is open. It must be on a local disk: SQLite's locks do not work over network file systems.
   */
  path: string
  /**
   * Whether a missing file may be created. With `false`, a disk that is not mounted or a mistyped path is an error and
   * not a store without tokens. Default: true.
   */
  create?: boolean | undefined
  /**
   * What an acknowledged write survives. `'full'` waits for the disk: nothing is lost when the power fails. `'normal'`
   * does not wait: nothing is lost when the process is killed, but a power failure may undo the last moments, so that a
   * deleted token works again. Default: `'full'`.
   */
  durability?: 'full' | 'normal' | undefined
  /**
   * How long a call waits for another process's lock before it fails with `ERR_STORE`, in ms: 0 to 60,000. Default:
   * 2,000.
   */
  busyTimeout?: number | undefined
  /**
   * Whether the first `open` reads the whole file to see that it is undamaged. Takes 2 to 4 s per gigabyte.
   * Default: true.
   */
  checkIntegrity?: boolean | undefined
}

const OPTIONS = ['path', 'create', 'durability', 'busyTimeout', 'checkIntegrity']
const MAX_BUSY_TIMEOUT_MS = 60_000

/** The options with their defaults. `path` is absolute. Throws a `TypeError` (`ERR_OPTION`) that names the option. */
export function readOptions(options: SqliteStoreOptions): WorkerSettings {
  assertKnownOptions('sqliteStore', options, OPTIONS)
  const { path, create = true, durability = 'full', busyTimeout = 2_000, checkIntegrity = true } = options
  if (durability !== 'full' && durability !== 'normal') {
    throw optionError('sqliteStore: durability', "must be 'full' or 'normal'")
  }
  return {
    path: resolve(plainPath(path)),
    create: booleanOption('sqliteStore: create', create),
    durability,
    busyTimeout: integerOption('sqliteStore: busyTimeout', busyTimeout, 0, MAX_BUSY_TIMEOUT_MS),
    checkIntegrity: booleanOption('sqliteStore: checkIntegrity', checkIntegrity),
  }
}

function plainPath(path: unknown): string {
  const misuse = (problem: string) => optionError('sqliteStore: path', problem)
  if (typeof path !== 'string' || path === '') throw misuse('must be the path of a file')
  // SQLite takes the first for a URI, and the second for a database in memory, one for each connection.
  if (path.startsWith('file:') || path === ':memory:') throw misuse(`must be a plain path, not ${path}`)
  if (path.includes('\0')) throw misuse('must not hold NUL')
  return path
}
