/**
 * Why a call fails, in either thread. The worker knows no other error of ours: loading `@latchkey/core` with all that it
 * needs would make it start late. The host's thread turns it into a `StoreError`.
 */
export class Problem extends Error {
  readonly code: 'ERR_STORE' | 'ERR_CONFLICT'

  constructor(message: string, options?: { code?: 'ERR_CONFLICT'; cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause })
    this.code = options?.code ?? 'ERR_STORE'
  }
}

/** The same problem if it is one already; else one that says what SQLite said about this file. */
export function problemOf(error: unknown, path: string): Problem {
  return error instanceof Problem ? error : new Problem(`${path}: ${explain(error)}`, { cause: error })
}

export function isConflict(error: unknown): boolean {
  return error instanceof Problem && error.code === 'ERR_CONFLICT'
}

/** Whether another connection's lock outlasted the wait. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error).startsWith('SQLITE_BUSY')
}

function explain(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error)
  const code = sqliteCode(error)
  if (code.startsWith('SQLITE_BUSY')) return 'the file is locked by another process.'
  if (code.startsWith('SQLITE_FULL')) return 'the disk is full; nothing was written.'
  if (code.startsWith('SQLITE_READONLY')) return 'the file cannot be written to.'
  if (code.startsWith('SQLITE_CORRUPT')) return `the file is damaged (${said}); restore it from a backup.`
  if (code.startsWith('SQLITE_NOTADB')) return 'this is not an SQLite file.'
  return said
}

function sqliteCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
