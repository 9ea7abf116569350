import Libsql from 'libsql'

/** What a column holds. Booleans are kept as 0 and 1, bytes as text: the binding aborts the process on others. */
export type Cell = string | number | null
export type Row = readonly Cell[]

export interface Statement {
  get(...values: Cell[]): Row | undefined
  all(...values: Cell[]): Row[]
  run(...values: Cell[]): { rowid: number }
}

/** One connection. Not for use by two at a time: a transaction belongs to the connection. */
export interface Database {
  /** The prepared statement of this text, kept for the next call. */
  sql(text: string): Statement
  exec(text: string): void
  pragma(text: string): Cell
  close(): void
}

/**
 * Lists have as many texts as there are numbers of scopes and ways to sort and filter: more than can be kept. Their
 * common ones are few, and are soon prepared again.
 */
const MOST_STATEMENTS = 200

/** Opens an existing file. `busyTimeout`: how long a call waits for a lock, in ms, before it fails with SQLITE_BUSY. */
export function openDatabase(path: string, busyTimeout: number): Database {
  const connection = new Libsql(path)
  const statements = new Map<string, Statement>()

  function sql(text: string): Statement {
    const known = statements.get(text)
    if (known) return known
    const statement = prepare(connection, text)
    if (statements.size === MOST_STATEMENTS) statements.clear()
    statements.set(text, statement)
    return statement
  }

  const database: Database = {
    sql,
    exec: (text) => void connection.exec(text),
    pragma: (text) => prepare(connection, `PRAGMA ${text}`).get()?.[0] ?? null,
    close() {
      statements.clear()
      connection.close()
    },
  }
  database.pragma(`busy_timeout = ${busyTimeout}`)
  return database
}

function prepare(connection: Libsql.Database, text: string): Statement {
  const statement = connection.prepare(text)
  // Rows as objects carry a member of the binding's own, and are slower.
  if (statement.reader) statement.raw()
  return {
    // The values go in as one array: a lone null would be taken for an object of named parameters.
    get: (...values) => statement.get(values) as Row | undefined,
    all: (...values) => statement.all(values) as Row[],
    run(...values) {
      return { rowid: Number(statement.run(values).lastInsertRowid) }
    },
  }
}

/**
 * Runs `body` in one transaction, which is rolled back if it throws. Every write belongs in one: in libsql 0.5.29 a BEGIN
 * that fails with SQLITE_BUSY stays active until it is used again, and meanwhile a lone INSERT is answered but not
 * committed.
 */
export function transaction<T>(db: Database, mode: 'IMMEDIATE' | 'DEFERRED', body: () => T): T {
  db.sql(`BEGIN ${mode}`).run()
  try {
    const result = body()
    db.sql('COMMIT').run()
    return result
  } catch (error) {
    rollback(db)
    throw error
  }
}

export function rollback(db: Database): void {
  try {
    db.sql('ROLLBACK').run()
  } catch {
    // SQLite has rolled back by itself, as it does when the disk is full.
  }
}
