import { expect, test } from 'vitest'
import { openDatabase } from '../src/database.js'
import { temporaryFolder } from './temporary.js'

test('prepared statements are kept, and not without end', () => {
  const db = openDatabase(`${temporaryFolder()}/any.db`, 0)
  const first = db.sql('SELECT 0')
  expect(db.sql('SELECT 0')).toBe(first)
  for (let i = 1; i <= 1_000; i++) expect(db.sql(`SELECT ${i}`).get()).toEqual([i])
  expect(db.sql('SELECT 0')).not.toBe(first)
  expect(db.sql('SELECT 0').get()).toEqual([0])
  expect(first.get()).toEqual([0])
  db.close()
})
