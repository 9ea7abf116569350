import { accessSync, closeSync, constants, lstatSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError, storeUnavailable } from '@latchkey/core/store'
import { errorCode } from '../shared/errors.js'

/**
 * Makes sure that the file is there and can be written. With `create`, a missing one is created for its owner alone
 * (mode 0600), and so is its folder (0700) if only that one is missing. Throws `ERR_STORE`, also for a symbolic link:
 * SQLite would create the file that a dangling one leads to, for everybody to read.
 */
export function prepareFile(path: string, create: boolean): void {
  assertNoLink(path)
  const stats = statsOf(path)
  if (stats?.isDirectory()) throw storeUnavailable(`${path} is a folder, not a file.`)
  if (stats && !stats.isFile()) throw storeUnavailable(`${path} is not a regular file.`)
  if (!stats && !create) throw storeUnavailable(`${path} does not exist, and must not be created.`)
  try {
    if (stats) accessSync(path, constants.R_OK | constants.W_OK)
    else createFile(path)
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw storeUnavailable(`${path} cannot be opened for writing (${errorCode(error)}).`, error)
  }
}

/** Never opens an existing file: closing it again would release SQLite's locks of the whole process. */
function createFile(path: string): void {
  createFolder(dirname(path))
  try {
    // SQLite gives the files beside it the same mode.
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    // Another process has just created it.
    if (errorCode(error) !== 'EEXIST') throw error
    assertNoLink(path)
  }
}

function createFolder(folder: string): void {
  const stats = statsOf(folder)
  if (stats && !stats.isDirectory()) throw storeUnavailable(`${folder} is not a folder.`)
  if (stats) return
  try {
    // Not recursive: if more is missing, the path is mistyped or a disk is not mounted.
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return
    throw storeUnavailable(`The folder ${folder} cannot be created (${errorCode(error)}).`, error)
  }
}

function assertNoLink(path: string): void {
  const isLink = reach(path, () => lstatSync(path, { throwIfNoEntry: false }))?.isSymbolicLink()
  if (isLink) throw storeUnavailable(`${path} is a symbolic link. Name the file that it leads to.`)
}

function statsOf(path: string): Stats | undefined {
  return reach(path, () => statSync(path, { throwIfNoEntry: false }))
}

function reach<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (error) {
    throw storeUnavailable(`${path} cannot be reached (${errorCode(error)}).`, error)
  }
}
