import type { EnvironmentStore } from '@latchkey/core/store'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../src/database.js'
import { LARGE_PART, type Response } from '../src/protocol.js'
import { createSqliteStore } from '../src/sqlite-store.js'
import { startWorker } from '../src/worker-client.js'
import { temporaryFolder } from './temporary.js'

const range = (length: number) => Array.from({ length }, (_, i) => i)
const LANES = 64

async function openStore(path: string, start = startWorker, busyTimeout?: number): Promise<EnvironmentStore> {
  const options = { path, durability: 'normal', ...(busyTimeout !== undefined && { busyTimeout }) } as const
  const store = createSqliteStore(options, start)
  onTestFinished(() => store.close())
  return store.open('default')
}

const query = (limit: number) => ({ filter: {}, sort: { by: 'name', direction: 'asc' }, limit, count: true }) as const

/** Counts the answers to writes in the order in which the thread gives them, and tells the count at each list's end. */
function countAnswers(counted: { writes: number; atLists: number[] }): typeof startWorker {
  return (settings) => {
    const worker = startWorker(settings)
    worker.on('message', (response: Response) => {
      if (response.kind !== 'done') return
      if (response.result === undefined) counted.writes++
      else if (typeof response.result === 'object' && 'totalCount' in response.result) {
        counted.atLists.push(counted.writes)
      }
    })
    return worker
  }
}

test('a list takes its turns between writes, however many there are', async () => {
  const counted = { writes: 0, atLists: [] as number[] }
  const store = await openStore(`${temporaryFolder()}/tokens.db`, countAnswers(counted))
  await Promise.all(range(6 * LARGE_PART).map(() => store.insert(tokenRecord())))
  let done = false
  const lanes = range(LANES).map(async () => {
    while (!done) await store.insert(tokenRecord())
  })
  try {
    for (const parts of [1, 6, 1, 6, 1, 6]) {
      const before = counted.writes
      expect((await readPage(store, query(parts * LARGE_PART))).records).toHaveLength(parts * LARGE_PART)
      // Those whose answers were on their way, the group that was being written, and one behind each part.
      expect(Number(counted.atLists.at(-1)) - before).toBeLessThanOrEqual((parts + 2) * LANES)
    }
  } finally {
    done = true
    await Promise.all(lanes)
  }
  expect(counted.atLists).toHaveLength(6)
})

test('lists are answered while each write waits for a lock in vain', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = await openStore(path, startWorker, 200)
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
