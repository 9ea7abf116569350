import { resolve } from 'node:path'

/** Where the tokens lie, and how they are kept. */
export interface SqliteStoreOptions {
  /**
   * The file, relative to the working directory unless absolute. It is created if missing (mode 0600), and so is its
   * folder (0700) if only that one is missing. `path-wal` and `path-shm` beside it belong to it while it is open. It must
   * be on a local disk: SQLite's locks do not work over network file systems.
   */
  path: string
  /**
   * Whether a missing file may be created. `false` keeps a forgotten mount or a mistyped path from being taken for a
   * store without tokens. Default: true.
   */
  create?: boolean
  /**
   * What an acknowledged write survives. `'full'` waits for the disk: nothing is lost when the power fails. `'normal'`
   * does not: nothing is lost when the process is killed, but a power failure may take the last moments with it, so
   * that a deleted token works again. Default: `'full'`.
   */
  durability?: 'full' | 'normal'
  /** How long a call waits for another process's lock before it fails with `ERR_STORE`, in ms. Default: 2,000. */
  busyTimeout?: number
  /**
   * Whether the first `open` reads the whole file to see that it is undamaged. Takes 2 to 4 s per gigabyte.
   * Default: true.
   */
  checkIntegrity?: boolean
}

/** Everything filled in. Throws a `TypeError` that names the option. */
export function readOptions(options: SqliteStoreOptions): Required<SqliteStoreOptions> {
  const { path, create = true, durability = 'full', busyTimeout = 2_000, checkIntegrity = true } = options
  if (typeof path !== 'string' || path === '') throw optionError('path', 'must be the path of a file')
  // SQLite would read the first as a URI, and the second as a store in memory, of which each connection has its own.
  if (path.startsWith('file:') || path === ':memory:') throw optionError('path', `must be a plain path, not ${path}`)
  if (path.includes('\0')) throw optionError('path', 'must not hold NUL')
  if (typeof create !== 'boolean') throw optionError('create', 'must be true or false')
  if (durability !== 'full' && durability !== 'normal') throw optionError('durability', "must be 'full' or 'normal'")
  if (!Number.isInteger(busyTimeout) || busyTimeout < 0 || busyTimeout > 60_000) {
    throw optionError('busyTimeout', 'must be a whole number of milliseconds from 0 to 60,000')
  }
  if (typeof checkIntegrity !== 'boolean') throw optionError('checkIntegrity', 'must be true or false')
  return { path: resolve(path), create, durability, busyTimeout, checkIntegrity }
}

function optionError(option: string, problem: string): TypeError {
  return Object.assign(new TypeError(`sqliteStore: ${option} ${problem}.`), { code: 'ERR_OPTION' })
}
