import { accessSync, closeSync, constants, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError, storeUnavailable } from '@latchkey/core/store'
import { errorCode } from '../shared/errors.js'

/**
 * Makes sure that the file is there and can be written. With `create`, a missing one is created for its owner alone (mode
 * 0600), and so is its folder (0700) if only that one is missing. Throws `ERR_STORE`.
 */
export function prepareFile(path: string, create: boolean): void {
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

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw storeUnavailable(`${path} cannot be reached (${errorCode(error)}).`, error)
  }
}
