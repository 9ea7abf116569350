import assert from 'node:assert/strict'
import type { ChangeEvent, EnvironmentStore, TokenRecord } from '@latchkey/core/store'
import { CREATED_AT, storedSecret, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf, connections } from './contract-case.js'
import { insertAll, range } from './helpers.js'

const DEADLINE = 1_000

interface Watching {
  /** Every id delivered so far. */
  readonly ids: Set<string>
  /** Resolves when the id has been delivered, rejects 1 s after the call. */
  delivered(id: string): Promise<void>
  stop(): Promise<void>
}

async function startWatching(store: EnvironmentStore): Promise<Watching> {
  const ids = new Set<string>()
  const waiting = new Set<() => void>()
  const unwatch = await store.watch((event: ChangeEvent) => {
    if (typeof event === 'string') return
    for (const id of event.ids) ids.add(id)
    for (const look of waiting) look()
  })
  return {
    ids,
    delivered: (id) =>
      new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          waiting.delete(look)
          clearTimeout(timer)
          end()
        }
        const look = () => {
          if (ids.has(id)) settle(resolve)
        }
        const late = new assert.AssertionError({ message: `no event for ${id} within ${DEADLINE} ms` })
        const timer = setTimeout(() => settle(() => reject(late)), DEADLINE)
        waiting.add(look)
        look()
      }),
    stop: unwatch,
  }
}

/** Inserts, and waits until that is told: an event on its way may reach also a listener that came after its change. */
async function insertAndSettle(a: EnvironmentStore, b: EnvironmentStore, records: readonly TokenRecord[]) {
  const watching = await startWatching(b)
  await insertAll(a, records)
  await Promise.all(records.map(({ id }) => watching.delivered(id)))
  await watching.stop()
}

const CHANGES: Record<string, (store: EnvironmentStore, id: string) => Promise<unknown>> = {
  update: (store, id) => store.update(id, { name: 'renamed' }, 1),
  disable: (store, id) => store.update(id, { enabled: false }, 1),
  rotation: (store, id) => store.update(id, { secrets: [storedSecret({ gen: 2 })], retired: ['0badcafe'] }, 1),
  remove: (store, id) => store.remove(id),
  'remove with expectedVersion': (store, id) => store.remove(id, 1),
  purge: (store) => store.purge(2),
}

export const watchCases: readonly ContractCase[] = [
  caseOf.watch("delivers the other connection's insert within 1 s", async (a, b) => {
    const watching = await startWatching(b)
    const record = tokenRecord()
    await a.insert(record)
    await watching.delivered(record.id)
  }),

  ...Object.entries(CHANGES).map(([what, change]) =>
    caseOf.watch(`delivers the other connection's ${what} within 1 s`, async (a, b) => {
      const record = tokenRecord({ expiresAt: 1 })
      await insertAndSettle(a, b, [record])
      const watching = await startWatching(b)
      await change(a, record.id)
      await watching.delivered(record.id)
    }),
  ),

  caseOf.watch("also delivers the connection's own changes, to every listener", async (a) => {
    const [one, two] = [await startWatching(a), await startWatching(a)]
    const record = tokenRecord()
    await a.insert(record)
    await Promise.all([one.delivered(record.id), two.delivered(record.id)])
  }),

  caseOf.watch('delivers every id of a burst of changes from both connections', async (a, b) => {
    const records = range(300).map((i) => tokenRecord({ expiresAt: i < 100 ? 1 : 9 }))
    await insertAndSettle(a, b, records)
    const watching = await startWatching(b)
    await Promise.all([
      a.purge(2),
      ...records.slice(100, 200).map(({ id }) => a.update(id, { enabled: false }, 1)),
      ...records.slice(200).map(({ id }) => b.remove(id)),
    ])
    await Promise.all(records.map(({ id }) => watching.delivered(id)))
  }),

  caseOf.watch('does not deliver touches: a change made after them arrives first', async (a, b) => {
    const [touched, changed] = [tokenRecord(), tokenRecord()]
    await insertAndSettle(a, b, [touched, changed])
    const watching = await startWatching(b)
    for (const i of range(20)) await a.touch([{ id: touched.id, gen: 1, at: CREATED_AT + i }])
    await a.update(changed.id, { enabled: false }, 1)
    await watching.delivered(changed.id)
    assert.deepStrictEqual([...watching.ids], [changed.id])
  }),

  caseOf.watch('unwatch stops delivery to that listener alone', async (a, b) => {
    const [stopped, going] = [await startWatching(b), await startWatching(b)]
    const [before, after] = [tokenRecord(), tokenRecord()]
    await a.insert(before)
    await Promise.all([stopped.delivered(before.id), going.delivered(before.id)])
    await stopped.stop()
    await a.insert(after)
    await going.delivered(after.id)
    assert.ok(!stopped.ids.has(after.id))
  }),

  connections('watch', 'does not deliver events of other environments', async (connect) => {
    const [a, b] = [await connect(), await connect()]
    const [here, there] = [tokenRecord(), tokenRecord()]
    const watching = await startWatching(await b.open('eu'))
    const elsewhere = await startWatching(await b.open('us'))
    await (await a.open('us')).insert(there)
    await (await a.open('eu')).insert(here)
    await Promise.all([watching.delivered(here.id), elsewhere.delivered(there.id)])
    assert.deepStrictEqual([[...watching.ids], [...elsewhere.ids]], [[here.id], [there.id]])
  }),
]
