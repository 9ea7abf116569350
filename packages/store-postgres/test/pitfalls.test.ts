// What is easy to get wrong with PostgreSQL and its drivers. Serializable transactions have the whole contract to
// themselves, and crashes a file; JSON parameters are tried on postgres.js, replicas among the failures.
import { startPgbouncer } from '@latchkey/test-servers'
import { randomItem, readPage, tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { nodePg, type PostgresClient, postgresStore } from '../src/index.js'
import {
  connect,
  ENVIRONMENT,
  eventually,
  LIST,
  newPool,
  newSchema,
  sharedServer,
  startWatching,
  unavailable,
} from './support.js'

const shared = sharedServer()

test('numbers are ordered as numbers, in lists and in the feed: 9 before 10, 99 before 100', async () => {
  const { environment } = await connect(shared.server, { schema: newSchema() })
  const watching = await startWatching(environment)
  const records = Array.from({ length: 120 }, () => tokenRecord())
  for (const record of records) await environment.insert(record)
  await watching.changed(records.at(-1)?.id ?? '')
  const ids = records.map(({ id }) => id)
  expect(watching.events.flatMap((event) => (typeof event === 'object' ? event.ids : []))).toEqual(ids)
  const page = await readPage(environment, { ...LIST, limit: 1_000 })
  expect(page.records.map(({ id }) => id)).toEqual(ids)
})

test('no refused write costs a connection', async () => {
  const { environment, value } = await connect(shared.server, { schema: newSchema() }, { max: 1 })
  const record = tokenRecord()
  await environment.insert(record)
  const backend = await value('select pg_backend_pid()')
  const refused = [
    environment.insert(record),
    environment.update(record.id, { name: 'x' }, 7),
    environment.remove(record.id, 7),
  ]
  for (const { status } of await Promise.allSettled(refused)) expect(status).toBe('rejected')
  expect(await value('select pg_backend_pid()')).toBe(backend)
})

test('an error of the server costs no connection either', async () => {
  const pool = newPool(shared.server, { max: 1 })
  const client = nodePg(pool)
  const backend = async () => (await pool.query('select pg_backend_pid() as pid')).rows[0].pid
  const before = await backend()
  await expect(client.query('select nothing', [], { timeout: 1_000 })).rejects.toMatchObject({ code: '42703' })
  expect(await backend()).toBe(before)
})

test('a connection that is lost while it is idle does not end the process', async () => {
  const schema = newSchema()
  const { environment } = await connect(shared.server, { schema }, { application_name: schema })
  const record = tokenRecord()
  await environment.insert(record)
  await shared.server.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${schema}'`,
  )
  expect(await environment.find(record.id)).toEqual(record)
})

test('a statement that waits for a lock ends on the server too, and is not carried out after its caller was refused', async () => {
  const schema = newSchema()
  const { environment } = await connect(shared.server, { schema, manageTimeout: 400 })
  const [record, late] = [tokenRecord(), tokenRecord()]
  await environment.insert(record)
  const holder = await newPool(shared.server).connect()
  await holder.query(`begin; select from ${schema}.environment for update`)
  await Promise.all([
    unavailable(environment.insert(late), /lock timeout|no answer within/),
    unavailable(environment.update(record.id, { enabled: false }, 1)),
    unavailable(environment.remove(record.id)),
  ])
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%${schema}%'`
  await eventually(async () => (await shared.server.query(waiting)).length === 0, 1_000)
  await holder.query('rollback')
  holder.release()
  expect((await readPage(environment, LIST)).records).toEqual([record])
})

test('changes of one environment become visible in the order of their numbers, whoever makes them', async () => {
  const schema = newSchema()
  const [a, b, c] = await Promise.all([1, 2, 3].map(async () => connect(shared.server, { schema })))
  if (!a || !b || !c) throw new Error('three connections')
  const watching = await startWatching(c.environment)
  const records = Array.from({ length: 400 }, () => tokenRecord())
  await Promise.all(records.map(async (record, i) => (i % 2 ? a : b).environment.insert(record)))
  for (const { id } of records) await watching.changed(id)
  expect(watching.events).not.toContain('reset')
})

test('a purge and touches of the same tokens never wait for each other forever', async () => {
  const schema = newSchema()
  const [a, b] = await Promise.all([connect(shared.server, { schema }), connect(shared.server, { schema })])
  const records = Array.from({ length: 600 }, (_, i) => tokenRecord({ expiresAt: 1_000 - i }))
  await Promise.all(records.map(async (record) => a.environment.insert(record)))
  const uses = records.map(({ id }) => ({ id, gen: 1, at: 1 })).sort(() => Math.random() - 0.5)
  const touches = Array.from({ length: 6 }, async (_, i) => b.environment.touch(i % 2 ? uses : uses.toReversed()))
  const [purged] = await Promise.all([a.environment.purge(2_000), ...touches])
  expect(purged).toHaveLength(600)
  const deadlocks = "select deadlocks from pg_stat_database where datname = 'postgres'"
  expect(Number(await a.value(deadlocks))).toBe(0)
})

test('one pool serves stores of two schemas: prepared statements do not meet', async () => {
  const pool = newPool(shared.server, { max: 1 })
  const client = nodePg(pool)
  const [one, two] = await Promise.all(
    [newSchema(), newSchema()].map(async (schema) => postgresStore({ client, schema }).open(ENVIRONMENT)),
  )
  if (!one || !two) throw new Error('two environments')
  const record = tokenRecord()
  for (let round = 0; round < 3; round++) {
    await one.insert(record)
    expect(await one.find(record.id)).toEqual(record)
    expect(await two.find(record.id)).toBeUndefined()
    expect(await one.remove(record.id)).toBe(true)
  }
})

test('find is one statement, and so is every write but an update', async () => {
  const pool = newPool(shared.server)
  const client = nodePg(pool)
  let sent: string[] = []
  const counting: PostgresClient = {
    query: async (text, values, options) => {
      if (!text.includes('pg_notify')) sent.push(text)
      return client.query(text, values, options)
    },
  }
  const environment = await postgresStore({ client: counting, schema: newSchema() }).open(ENVIRONMENT)
  const record = tokenRecord()
  const statements = async (call: () => Promise<unknown>) => {
    sent = []
    await call()
    return sent.length
  }
  expect(await statements(async () => environment.insert(record))).toBe(1)
  expect(await statements(async () => environment.find(record.id))).toBe(1)
  expect(await statements(async () => environment.find(tokenRecord().id))).toBe(1)
  expect(await statements(async () => environment.touch([{ id: record.id, gen: 1, at: 1 }]))).toBe(1)
  expect(await statements(async () => environment.update(record.id, { name: 'x' }, 1))).toBe(2)
  expect(await statements(async () => environment.remove(record.id))).toBe(1)
})

test("a host's own parsers of types change nothing", async () => {
  const types = {
    getTypeParser: (oid: number) => (text: string) => (oid === 16 ? text === 't' : oid === 20 ? BigInt(text) : text),
  } as never
  const { environment } = await connect(shared.server, { schema: newSchema() }, { types })
  const records = Array.from({ length: 3 }, (_, i) =>
    tokenRecord({ createdAt: i, personal: randomItem([true, false]), scopes: ['a"b', '\\', '{x}', 'NULL', ''] }),
  )
  for (const record of records) await environment.insert(record)
  const page = await readPage(environment, { ...LIST, sort: { by: 'createdAt', direction: 'asc' }, limit: 2 })
  expect(page.records).toEqual(records.slice(0, 2))
  expect(page.totalCount).toBe(3)
})

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
  expect(await b.environment.purge(2)).toHaveLength(20)
  expect((await readPage(a.environment, { ...LIST, limit: 100 })).totalCount).toBe(20)

  const last = tokenRecord()
  await a.environment.insert(last)
  const acknowledged = performance.now()
  await watching.changed(last.id)
  expect(performance.now() - acknowledged).toBeLessThan(1_000)
  for (const { id } of records) await watching.changed(id)
  expect(watching.events).not.toContain('reset')
})
