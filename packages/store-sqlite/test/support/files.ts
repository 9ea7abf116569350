import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TokenStore } from '@latchkey/core/store'
import type { ContractCase } from '@latchkey/testkit'
import Libsql from 'libsql'
import { onTestFinished } from 'vitest'

/** An empty folder that goes when the test ends, or with `afterAll` when all have ended. */
export function temporaryFolder(atEnd: (remove: () => void) => void = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sqlite-'))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

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

/**
 * Runs a case of the contract on two stores that serve all cases, since opening a store is what takes long. The data are the
 * case's own: its environments have names of their own.
 */
export async function runOnShared(
  { run }: ContractCase,
  number: number,
  stores: readonly [TokenStore, TokenStore],
): Promise<void> {
  let opened = 0
  await run(async () => {
    const store = opened++ % 2 === 0 ? stores[0] : stores[1]
    return {
      open: (environment, options) => store.open(`case-${number}.${environment}`, options),
      close: async () => {},
    }
  })
}
