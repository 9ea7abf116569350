import { readPage, tokenRecord } from '@latchkey/testkit'
import { expect, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { openDatabase } from '../src/shared/database.js'
import { MIGRATIONS, migrate } from '../src/worker/schema.js'
import { assertConsistent } from './support/consistency.js'
import { openRaw, temporaryFolder } from './support/files.js'

// The mechanism that brings a file to the next version, with a step that there is not yet.

const STEP = "ALTER TABLE environment ADD COLUMN note TEXT NOT NULL DEFAULT 'new'"
const query = { filter: {}, sort: { by: 'name', direction: 'asc' }, limit: 10, count: true } as const

/** A file of the version of today with one token, closed. */
async function filledFile(): Promise<string> {
  const path = `${temporaryFolder()}/tokens.db`
  const store = sqliteStore({ path })
  await (await store.open('default')).insert(tokenRecord({ name: 'kept' }))
  await store.close()
  return path
}

function migrateTo(path: string, migrations: readonly string[]): void {
  const db = openDatabase(path, 1_000)
  try {
    migrate(db, path, migrations)
  } finally {
    db.close()
  }
}

test('a file of an older version gets the missing steps, each once, and keeps its data', async () => {
  const path = await filledFile()
  for (let i = 0; i < 2; i++) migrateTo(path, [...MIGRATIONS, STEP])
  const file = openRaw(path)
  expect(file.value('PRAGMA user_version')).toBe(MIGRATIONS.length + 1)
  expect(file.rows('SELECT tokens, note FROM environment')).toEqual([[1, 'new']])
  file.close()
  assertConsistent(path)
})

test('an empty file gets all steps', () => {
  const path = `${temporaryFolder()}/tokens.db`
  migrateTo(path, [...MIGRATIONS, STEP])
  const file = openRaw(path)
  expect(file.value('PRAGMA user_version')).toBe(MIGRATIONS.length + 1)
  expect(file.rows('SELECT note FROM environment')).toEqual([])
  file.close()
})

test('after a step that fails, the file is what it was', async () => {
  const path = await filledFile()
  expect(() => migrateTo(path, [...MIGRATIONS, STEP, 'INSERT INTO nowhere VALUES (1)'])).toThrow('nowhere')
  const store = sqliteStore({ path })
  const page = await readPage(await store.open('default'), query)
  expect(page.records).toMatchObject([{ name: 'kept' }])
  await store.close()
  assertConsistent(path)
})

test('a version that does not know the last step refuses the file', async () => {
  const path = await filledFile()
  migrateTo(path, [...MIGRATIONS, STEP])
  const store = sqliteStore({ path })
  await expect(store.open('default')).rejects.toThrow('was written by a newer version of Latchkey')
  await store.close()
})
