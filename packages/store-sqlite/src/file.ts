import { accessSync, closeSync, constants, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { Problem } from './problem.js'

/**
 * Sees to it that there is a file. With `create`, a missing one is made for its owner alone (mode 0600), and so is its
 * folder (0700) if that one alone is missing. Throws `Problem` with a clear sentence.
 */
export function prepareFile(path: string, create: boolean): void {
  const stats = statOf(path)
  if (stats?.isDirectory()) throw new Problem(`${path} is a folder, not a file.`)
  if (stats && !stats.isFile()) throw new Problem(`${path} is not a regular file.`)
  if (!stats && !create) throw new Problem(`${path} does not exist, and must not be created.`)
  try {
    if (stats) accessSync(path, constants.R_OK | constants.W_OK)
    else createFile(path)
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(`${path} cannot be opened for writing (${codeOf(error)}).`, { cause: error })
  }
}

/** Never opens one that is there: to close it again would take SQLite's locks from all connections of this process. */
function createFile(path: string): void {
  prepareFolder(dirname(path))
  try {
    // SQLite gives the files beside it the same mode.
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    // Somebody else has just made it.
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function prepareFolder(folder: string): void {
  const stats = statOf(folder)
  if (stats && !stats.isDirectory()) throw new Problem(`${folder} is not a folder.`)
  if (stats) return
  try {
    // Not recursive: a whole path that is missing is a typing error, or a disk that is not mounted.
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return
    throw new Problem(`The folder ${folder} cannot be created (${codeOf(error)}).`, { cause: error })
  }
}

/** Tells this file from any other that may come to stand at its path. `undefined`: there is none. */
export function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}

/** Throws `Problem` unless the path still leads to the file that was opened. */
export function assertSameFile(path: string, identity: string): void {
  if (identityOf(path) === identity) return
  throw new Problem(`${path} was removed or replaced while it was open. Restart to use what is there.`)
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw new Problem(`${path} cannot be reached (${codeOf(error)}).`, { cause: error })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
