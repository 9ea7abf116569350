import { renameSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import { type ChangeEvent, type EnvironmentStore, StoreError } from '@latchkey/core/store'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test, vi } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { assertConsistent } from './support/consistency.js'
import { openRaw, temporaryFolder } from './support/files.js'

const query = { filter: {}, sort: { by: 'name', direction: 'asc' }, limit: 10, count: true } as const

async function openStore(path: string, busyTimeout = 2_000): Promise<EnvironmentStore> {
  const store = sqliteStore({ path, busyTimeout })
  onTestFinished(() => store.close())
  return store.open('default')
}

test("while another process holds the lock, writes fail after the wait, reads go on, and afterwards all's well", async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = await openStore(path, 200)
  const record = tokenRecord()
  await store.insert(record)
  const other = openRaw(path)
  other.exec('BEGIN IMMEDIATE')
  const start = performance.now()
  const outcomes = await Promise.allSettled([
    store.insert(tokenRecord()),
    store.remove(record.id),
    readPage(store, query),
  ])
  expect(performance.now() - start).toBeLessThan(2_000)
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  const locked = { code: 'ERR_STORE', message: `${path}: the file is locked by another process.` }
  expect(outcomes.slice(0, 2)).toMatchObject([{ reason: locked }, { reason: locked }])
  expect(outcomes[2]).toMatchObject({ value: { records: [record], totalCount: 1 } })
  expect(await store.find(record.id)).toEqual(record)
  other.exec('COMMIT')
  expect(await store.remove(record.id)).toBe(true)
  other.close()
})

test('a lock that goes in time is only waited for', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = await openStore(path)
  const other = openRaw(path)
  other.exec('BEGIN IMMEDIATE')
  const inserted = store.insert(tokenRecord())
  setTimeout(() => other.exec('COMMIT'), 100)
  await inserted
  expect((await readPage(store, query)).totalCount).toBe(1)
  other.close()
})

test('a worker that dies fails the calls in progress, and is replaced with the next call', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const workers: Worker[] = []
  const onWorker = (worker: Worker) => workers.push(worker)
  process.on('worker', onWorker)
  onTestFinished(() => void process.off('worker', onWorker))
  const store = sqliteStore({ path })
  const environment = await store.open('default')
  for (let round = 1; round <= 3; round++) {
    const record = tokenRecord()
    await environment.insert(record)
    const calls = Array.from({ length: 2_000 }, () => environment.insert(tokenRecord()))
    await calls[0]
    // A message that it cannot read is an exception that it does not catch.
    workers.at(-1)?.postMessage({})
    const ended = await Promise.allSettled(calls)
    const errors = ended.flatMap((call) => (call.status === 'rejected' ? [call.reason] : []))
    expect(errors.length).toBeGreaterThan(0)
    for (const error of errors) {
      expect(error).toBeInstanceOf(StoreError)
      expect(error.message).toBe(`${path}: the storage thread ended; whether a write was carried out is not known.`)
    }
    expect(await environment.find(record.id)).toEqual(record)
    await environment.update(record.id, { enabled: false }, 1)
    expect(workers.length).toBe(round + 1)
  }
  await store.close()
  assertConsistent(path)
})

test('watchers hear of lagging, live, and reset', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = await openStore(path)
  const events: ChangeEvent[] = []
  await store.watch((event) => events.push(event))
  renameSync(path, `${path}.away`)
  await vi.waitFor(() => expect(events).toEqual(['lagging']))
  renameSync(`${path}.away`, path)
  await vi.waitFor(() => expect(events).toEqual(['lagging', 'live']))
  // Changes that were dropped before this process saw them.
  const other = openRaw(path)
  other.exec("INSERT INTO change (seq, environment_id, token) VALUES (1000, 1, 'lk.LATER')")
  await vi.waitFor(() => expect(events).toEqual(['lagging', 'live', 'reset']))
  const record = tokenRecord()
  await store.insert(record)
  await vi.waitFor(() => expect(events).toEqual(['lagging', 'live', 'reset', { ids: [record.id] }]))
  other.close()
})

test('only the newest changes are kept', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = await openStore(path)
  const { id } = tokenRecord()
  await store.insert(tokenRecord({ id }))
  const other = openRaw(path)
  other.exec("INSERT INTO change (seq, environment_id, token) VALUES (20999, 1, 'lk.OLD')")
  await store.update(id, { enabled: false }, 1)
  expect(other.rows('SELECT seq FROM change')).toEqual([[20_999], [21_000]])
  other.close()
})

test('a write that cannot be stored fails alone, not those beside it', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = await openStore(path)
  const good = Array.from({ length: 20 }, () => tokenRecord())
  const bad = tokenRecord({ owner: 'half \ud83d' })
  const outcomes = await Promise.allSettled([...good.slice(0, 10), bad, ...good.slice(10)].map(store.insert))
  expect(outcomes.map(({ status }) => status).indexOf('rejected')).toBe(10)
  expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([{ reason: { code: 'ERR_STORE' } }])
  expect((await readPage(store, query)).totalCount).toBe(20)
  assertConsistent(path)
})

test('a record that is damaged is named, and shows nothing of itself; lists, purges and last uses pass over it', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const first = sqliteStore({ path })
  const damaged = tokenRecord({ name: 'a', expiresAt: 1 })
  const [sound, expired] = [tokenRecord({ name: 'b' }), tokenRecord({ name: 'c', expiresAt: 1 })]
  const filling = await first.open('default')
  for (const record of [damaged, sound, expired]) await filling.insert(record)
  await first.close()
  const other = openRaw(path)
  const far = JSON.stringify({ ...damaged, expiresAt: 9e15 })
  const texts = [
    '$argon2id$secret',
    '{}',
    '["a"]',
    'null',
    '{"id":"lk.A","secrets":["$argon2id$secret"]}',
    '$a\n\n{}',
    far,
  ]
  for (const json of texts) {
    other.rows("UPDATE token SET record = ? WHERE name = 'a' RETURNING id", json)
    const store = await openStore(path)
    const publicPart = damaged.id.slice(damaged.id.indexOf('.') + 1)
    const failure = {
      code: 'ERR_STORE',
      message: `${path}: the record of ${publicPart} is damaged; it can be removed by its id.`,
    }
    await expect(store.find(damaged.id)).rejects.toMatchObject(failure)
    await expect(store.update(damaged.id, { enabled: false }, 1)).rejects.toMatchObject(failure)
    expect(await store.find(sound.id)).toEqual(sound)
    expect(await readPage(store, query)).toMatchObject({
      ...{ records: [sound, expired], damaged: [failure], totalCount: 3 },
    })
    const alone = await readPage(store, { ...query, limit: 1 })
    expect(alone).toMatchObject({ records: [], damaged: [failure], next: expect.any(String) })
    expect(await readPage(store, { ...query, limit: 1, after: String(alone.next) })).toMatchObject({ records: [sound] })
  }
  other.close()
  const store = await openStore(path)
  await store.touch([damaged, sound].map(({ id }) => ({ id, gen: 1, at: 5 })))
  expect(await store.find(sound.id)).toMatchObject({ lastUsedAt: 5 })
  expect(await store.purge(2)).toEqual([expired.id])
  expect(await store.purge(2)).toEqual([])
  await expect(store.remove(damaged.id, 1)).rejects.toMatchObject({ code: 'ERR_STORE' })
  expect(await store.remove(damaged.id)).toBe(true)
  expect(await store.remove(damaged.id)).toBe(false)
  expect(await readPage(store, query)).toMatchObject({ records: [{ id: sound.id }], totalCount: 1 })
  assertConsistent(path)
})
