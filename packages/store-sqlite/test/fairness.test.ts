import type { EnvironmentStore } from '@latchkey/core/store'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { openRaw, temporaryFolder } from './support/files.js'

/** Records of the chunks that a large page is read in: see worker/list.ts. */
const CHUNK = 200
const LANES = 64

const range = (length: number) => Array.from({ length }, (_, i) => i)
const query = (limit: number) => ({ filter: {}, sort: { by: 'name', direction: 'asc' }, limit, count: true }) as const

async function openStore(path: string, busyTimeout = 2_000): Promise<EnvironmentStore> {
  const store = sqliteStore({ path, durability: 'normal', busyTimeout })
  onTestFinished(() => store.close())
  return store.open('default')
}

test('a list takes its turns between writes, however many there are, and none when it is abandoned', async () => {
  const store = await openStore(`${temporaryFolder()}/tokens.db`)
  await Promise.all(range(6 * CHUNK).map(() => store.insert(tokenRecord())))
  let [written, done] = [0, false]
  const lanes = range(LANES).map(async () => {
    while (!done) {
      await store.insert(tokenRecord())
      written++
    }
  })
  try {
    for (const chunks of [1, 6, 1, 6, 1, 6]) {
      const before = written
      const page = await store.list(query(chunks * CHUNK))
      // Those whose answers were on their way, the batch that was being written, and one behind each chunk.
      expect(written - before).toBeLessThanOrEqual((chunks + 3) * LANES)
      expect([...page.records]).toHaveLength(chunks * CHUNK)
    }
    // Those that nobody waits for take no turns.
    const leaving = new AbortController()
    const left = range(8).map(async () => store.list(query(6 * CHUNK), leaving))
    const isLeft = Promise.all(left.map((list) => expect(list).rejects.toThrow('aborted')))
    const before = written
    const page = store.list(query(CHUNK))
    leaving.abort()
    expect([...(await page).records]).toHaveLength(CHUNK)
    expect(written - before).toBeLessThanOrEqual(6 * LANES)
    await isLeft
  } finally {
    done = true
    await Promise.all(lanes)
  }
})

test('lists are answered while writes wait for a lock', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = await openStore(path, 60_000)
  const record = tokenRecord()
  await store.insert(record)
  const other = openRaw(path)
  other.exec('BEGIN IMMEDIATE')
  const waiting = range(5).map(() => store.insert(tokenRecord()))
  for (let i = 0; i < 5; i++)
    expect(await readPage(store, query(10))).toMatchObject({ totalCount: 1, records: [record] })
  other.exec('ROLLBACK')
  other.close()
  await Promise.all(waiting)
  expect((await readPage(store, query(10))).totalCount).toBe(6)
})

test('lists are answered while each write waits for a lock in vain', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = await openStore(path, 50)
  await store.insert(tokenRecord())
  const other = openRaw(path)
  other.exec('BEGIN IMMEDIATE')
  let [failed, done] = [0, false]
  // Always one that waits, and one behind it.
  const lanes = range(2).map(async () => {
    while (!done) {
      await expect(store.insert(tokenRecord())).rejects.toThrow('locked')
      failed++
    }
  })
  try {
    for (let i = 0; i < 5; i++) {
      const before = failed
      expect((await readPage(store, query(10))).totalCount).toBe(1)
      expect(failed - before).toBeLessThanOrEqual(4)
    }
  } finally {
    done = true
    await Promise.all(lanes)
    other.exec('ROLLBACK')
    other.close()
  }
})
