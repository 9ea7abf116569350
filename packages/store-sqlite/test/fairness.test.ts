import type { EnvironmentStore } from '@latchkey/core'
import { tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../src/database.js'
import { sqliteStore } from '../src/index.js'
import { temporaryFolder } from './temporary.js'

const PIECE = 200
const range = (length: number) => Array.from({ length }, (_, i) => i)
const LANES = 64

async function openStore(path: string, busyTimeout?: number): Promise<EnvironmentStore> {
  const store = sqliteStore({ path, durability: 'normal', ...(busyTimeout !== undefined && { busyTimeout }) })
  onTestFinished(() => store.close())
  return store.open('default')
}

const query = (limit: number) => ({ filter: {}, sort: { by: 'name', direction: 'asc' }, limit, count: true }) as const

test('a list takes its turns between writes, however many there are', async () => {
  const store = await openStore(`${temporaryFolder()}/tokens.db`)
  await Promise.all(range(6 * PIECE).map(() => store.insert(tokenRecord())))
  let [written, done] = [0, false]
  const lanes = range(LANES).map(async () => {
    while (!done) {
      await store.insert(tokenRecord())
      written++
    }
  })
  for (const pieces of [1, 6, 1, 6, 1, 6]) {
    const before = written
    expect((await store.list(query(pieces * PIECE))).records).toHaveLength(pieces * PIECE)
    // A group of writes before each piece, and those whose answers were on their way with it.
    expect(written - before).toBeLessThanOrEqual((pieces + 3) * LANES)
  }
  done = true
  await Promise.all(lanes)
})

test('lists are answered while each write waits for a lock in vain', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = await openStore(path, 200)
  await store.insert(tokenRecord())
  const other = openDatabase(path, 0)
  other.exec('BEGIN IMMEDIATE')
  let [failed, done] = [0, false]
  // Always one that waits, and one behind it.
  const lanes = range(2).map(async () => {
    while (!done) {
      await expect(store.insert(tokenRecord())).rejects.toThrow('locked')
      failed++
    }
  })
  for (let i = 0; i < 5; i++) {
    const before = failed
    expect((await store.list(query(10))).totalCount).toBe(1)
    expect(failed - before).toBeLessThanOrEqual(4)
  }
  done = true
  await Promise.all(lanes)
  other.exec('ROLLBACK')
  other.close()
})
