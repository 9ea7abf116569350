import { StoreError, storeUnavailable } from '@latchkey/core/store'

/** The error itself if it is a `StoreError`, else one with what SQLite says about this file. */
export function toStoreError(error: unknown, path: string): StoreError {
  return error instanceof StoreError ? error : storeUnavailable(`${path}: ${explain(error)}`, error)
}

/** Whether another connection has the lock. */
export function isBusy(error: unknown): boolean {
  return errorCode(error).startsWith('SQLITE_BUSY')
}

/** The `code` of an error of SQLite or of the file system. Empty for any other value. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const code = errorCode(error)
  if (code.startsWith('SQLITE_BUSY')) return 'the file is locked by another process.'
  if (code.startsWith('SQLITE_FULL')) return 'the disk is full; nothing was written.'
  if (code.startsWith('SQLITE_READONLY')) return 'the file cannot be written to.'
  if (code.startsWith('SQLITE_CORRUPT')) return `the file is damaged (${message}); restore it from a backup.`
  if (code.startsWith('SQLITE_NOTADB')) return 'this is not an SQLite file.'
  return message
}
