import { startPgbouncer } from '@latchkey/test-servers'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { connect, LIST, newSchema, sharedServer, startWatching } from './support.js'

const shared = sharedServer()

test('through PgBouncer in transaction pooling everything works, and changes arrive within 1 s', async () => {
  const bouncer = await startPgbouncer(shared.server, 3)
  onTestFinished(async () => bouncer.stop())
  const schema = newSchema()
  const [a, b] = [await connect(bouncer, { schema }), await connect(bouncer, { schema })]
  const watching = await startWatching(b.environment)
  const records = Array.from({ length: 60 }, (_, i) => tokenRecord({ name: String(i), expiresAt: i < 20 ? 1 : 9 }))

  await Promise.all(records.map(async (record, i) => (i % 2 ? a : b).environment.insert(record)))
  // More at once than there are connections of the server, so that they change hands.
  for (let round = 0; round < 3; round++) {
    const found = await Promise.all(records.map(async ({ id }, i) => (i % 2 ? b : a).environment.find(id)))
    expect(found).toEqual(records)
  }
  await a.environment.touch(records.map(({ id }) => ({ id, gen: 1, at: 5 })))
  const updated = await Promise.all(
    records.slice(20, 40).map(async ({ id }) => b.environment.update(id, { enabled: false }, 1)),
  )
  for (const record of updated) expect(record).toMatchObject({ enabled: false, version: 2, lastUsedAt: 5 })
  const removed = await Promise.all(records.slice(40).map(async ({ id }) => a.environment.remove(id)))
  expect(removed.every(Boolean)).toBe(true)
  expect(await b.environment.purge(2)).toBe(20)
  expect((await readPage(a.environment, { ...LIST, limit: 100 })).totalCount).toBe(20)

  const last = tokenRecord()
  await a.environment.insert(last)
  const acknowledged = performance.now()
  await watching.changed(last.id)
  expect(performance.now() - acknowledged).toBeLessThan(1_000)
  for (const { id } of records) await watching.changed(id)
  expect(watching.events).not.toContain('reset')
})
