import Libsql from 'libsql'
import type { ExitLock } from './exit-lock.js'

/*
 * All that works around faults of libsql 0.5.29 is marked "libsql:". It may go when the version in package.json has the
 * fault no more. Two workarounds have files of their own: exit-lock.ts and worker/checkpoint.ts.
 */

/** What a column holds. libsql: a boolean among the values aborts the process, so columns hold 0 and 1. */
export type Value = string | number | null
export type Row = readonly Value[]

/** A connection. Statements of `get`, `all` and `run` are prepared once and kept: whatever varies must be a value. */
export interface Database {
  /** Of the file. */
  readonly path: string
  /** The first row. */
  get(sql: string, ...values: Value[]): Row | undefined
  all(sql: string, ...values: Value[]): Row[]
  run(sql: string, ...values: Value[]): void
  /** Runs statements that are not kept. */
  exec(sql: string): void
  pragma(text: string): Value
  isInTransaction(): boolean
  close(): void
}

/**
 * Opens an existing file. `busyTimeout`: how long a statement waits for a lock, in ms, before it fails with
 * SQLITE_BUSY. Outside the main thread `exitLock` is needed.
 */
export function openDatabase(path: string, busyTimeout: number, exitLock?: ExitLock): Database {
  const hold = exitLock?.hold ?? (<T>(work: () => T) => work())
  const connection = hold(() => new Libsql(path))
  const statements = new Map<string, Libsql.Statement>()

  function prepare(sql: string): Libsql.Statement {
    const statement = connection.prepare(sql)
    // libsql: a row as an object has a member `_metadata` that is no column, so rows are arrays.
    if (statement.reader) statement.raw()
    return statement
  }

  function kept(sql: string): Libsql.Statement {
    const statement = statements.get(sql) ?? prepare(sql)
    statements.set(sql, statement)
    return statement
  }

  const database: Database = {
    path,
    // libsql: a null alone is taken for an object of named parameters, so all values go in as one array.
    get: (sql, ...values) => hold(() => kept(sql).get(values) as Row | undefined),
    all: (sql, ...values) => hold(() => kept(sql).all(values) as Row[]),
    run: (sql, ...values) => void hold(() => kept(sql).run(values)),
    exec: (sql) => void hold(() => connection.exec(sql)),
    pragma: (text) => hold(() => (prepare(`PRAGMA ${text}`).get([]) as Row | undefined)?.[0] ?? null),
    isInTransaction: () => connection.inTransaction,
    close() {
      statements.clear()
      hold(() => connection.close())
    },
  }
  database.pragma(`busy_timeout = ${busyTimeout}`)
  return database
}

/**
 * Runs `body` in one write transaction, which is rolled back if it throws. Throws SQLITE_BUSY if the write lock is
 * taken.
 *
 * libsql: a prepared BEGIN or write that failed with SQLITE_BUSY stays active until it is run again, and until then the
 * connection commits nothing outside of transactions. So BEGIN is not kept, and every write belongs in a transaction.
 */
export function transaction<T>(db: Database, body: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = body()
    db.exec('COMMIT')
    return result
  } catch (error) {
    // On a full disk SQLite rolls back by itself.
    if (db.isInTransaction()) db.exec('ROLLBACK')
    throw error
  }
}
