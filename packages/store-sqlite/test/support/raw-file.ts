import Libsql from 'libsql'

/** A connection of the test's own, which knows nothing of the store. */
export interface RawFile {
  exec(sql: string): void
  /** All rows, as arrays. */
  rows(sql: string, ...values: (string | number)[]): unknown[][]
  /** The first column of the first row. */
  value(sql: string): unknown
  close(): void
}

export function openRaw(path: string, busyTimeout = 1_000): RawFile {
  const db = new Libsql(path)
  const rows = (sql: string, ...values: (string | number)[]) => db.prepare(sql).raw().all(values) as unknown[][]
  rows(`PRAGMA busy_timeout = ${busyTimeout}`)
  return {
    exec: (sql) => void db.exec(sql),
    rows,
    value: (sql) => rows(sql)[0]?.[0],
    close: () => void db.close(),
  }
}

/** Runs statements on a file. */
export function edit(path: string, sql: string): void {
  const file = openRaw(path)
  file.exec(sql)
  file.close()
}
