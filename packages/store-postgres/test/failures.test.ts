import { randomBytes } from 'node:crypto'
import type { TokenRecord } from '@latchkey/core/store'
import { startPostgresReplica } from '@latchkey/test-servers'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { migrate, nodePg, postgresStore } from '../src/index.js'
import {
  connect,
  ENVIRONMENT,
  eventually,
  LIST,
  newPool,
  newSchema,
  ownServer,
  sharedServer,
  startProxy,
  startWatching,
  unavailable,
} from './support.js'

const shared = sharedServer()

const DEADLINES = { readTimeout: 300, manageTimeout: 1_000 }

/** The superuser's URL with another user. */
function as(user: string): { url: string } {
  return { url: shared.server.url.replace('latchkey@', `${user}@`) }
}

let roles = 0

async function newRole(): Promise<string> {
  const role = `role${++roles}`
  await shared.server.query(`create role ${role} login`)
  return role
}

test('without the right to create, open names migrate; migrate by another role, and the documented grants, are enough', async () => {
  const schema = newSchema()
  const role = await newRole()
  await unavailable(connect(as(role), { schema }), /may not create them; run migrate\(client, \{ schema: 's\d+' \}\)/)

  await migrate(nodePg(newPool(shared.server)), { schema })
  await unavailable(connect(as(role), { schema }), /permission denied for schema/)
  await shared.server.query(`grant usage on schema ${schema} to ${role}`)
  await unavailable(connect(as(role), { schema }), /permission denied for table schema_version/)
  await shared.server.query(`grant select, insert on all tables in schema ${schema} to ${role}`)
  await unavailable(connect(as(role), { schema }), /lacks UPDATE on environment, UPDATE on token, DELETE on token/)

  await shared.server.query(`grant select, insert, update, delete on all tables in schema ${schema} to ${role}`)
  const { environment } = await connect(as(role), { schema })
  const [record, expired] = [tokenRecord(), tokenRecord({ expiresAt: 1 })]
  await environment.insert(record)
  await environment.insert(expired)
  await environment.touch([{ id: record.id, gen: 1, at: 7 }])
  expect((await environment.update(record.id, { name: 'new' }, 1))?.lastUsedAt).toBe(7)
  expect((await readPage(environment, LIST)).totalCount).toBe(2)
  expect(await environment.purge(2)).toHaveLength(1)
  expect(await environment.remove(record.id)).toBe(true)
})

test('a right that is withdrawn later: the calls that need it fail, the others go on', async () => {
  const schema = newSchema()
  const role = await newRole()
  await migrate(nodePg(newPool(shared.server)), { schema })
  await shared.server.query(`grant usage on schema ${schema} to ${role}`)
  await shared.server.query(`grant select, insert, update, delete on all tables in schema ${schema} to ${role}`)
  const { environment } = await connect(as(role), { schema })
  const record = tokenRecord()
  await environment.insert(record)
  await shared.server.query(`revoke delete on ${schema}.token from ${role}`)
  await unavailable(environment.remove(record.id), /permission denied for table token/)
  expect(await environment.find(record.id)).toEqual(record)
  await shared.server.query(`revoke select on ${schema}.token from ${role}`)
  await unavailable(environment.find(record.id), /permission denied/)
})

test("a schema with other people's tables is left alone", async () => {
  const schema = newSchema()
  await shared.server.query(`create schema ${schema}; create table ${schema}.token (id int)`)
  await unavailable(connect(shared.server, { schema }), /relation "token" already exists/)
  expect(await shared.server.query(`select tablename from pg_tables where schemaname = '${schema}'`)).toEqual([
    { tablename: 'token' },
  ])
})

test('a schema of another version is not opened', async () => {
  const schema = newSchema()
  await connect(shared.server, { schema })
  await shared.server.query(`update ${schema}.schema_version set version = 2`)
  await unavailable(connect(shared.server, { schema }), /is of version 2, this store of 1: update the store/)
  await shared.server.query(`update ${schema}.schema_version set version = 0`)
  await unavailable(connect(shared.server, { schema }), /run migrate/)
})

test('a schema that is dropped meanwhile: every call fails, none says "unknown"', async () => {
  const schema = newSchema()
  const { environment } = await connect(shared.server, { schema })
  const record = tokenRecord()
  await environment.insert(record)
  const watching = await startWatching(environment)
  await shared.server.query(`drop schema ${schema} cascade`)
  await unavailable(environment.find(record.id), /does not exist/)
  await unavailable(environment.remove(record.id), /does not exist/)
  await watching.came('lagging')
})

test('another data set under the same names: every call fails, none says "unknown" or "empty"', async () => {
  const schema = newSchema()
  const { environment } = await connect(shared.server, { schema })
  const record = tokenRecord()
  await environment.insert(record)
  const watching = await startWatching(environment)
  await shared.server.query(`drop schema ${schema} cascade`)
  const other = await connect(shared.server, { schema })
  expect(other.environment.dataset).not.toBe(environment.dataset)

  const another = /is another data set/
  await unavailable(environment.find(record.id), another)
  await unavailable(environment.ping(), another)
  await unavailable(environment.insert(tokenRecord()), another)
  await unavailable(environment.update(record.id, { enabled: false }, 1), another)
  await unavailable(environment.remove(record.id), another)
  await unavailable(environment.list(LIST), another)
  await unavailable(environment.touch([{ id: record.id, gen: 1, at: 1 }]), another)
  await unavailable(environment.purge(1), another)
  await watching.came('reset')
  await watching.came('lagging')
  expect(watching.events.filter((event) => event === 'reset').length).toBe(1)
  expect((await readPage(other.environment, LIST)).totalCount).toBe(0)
})

test('a database that is not UTF-8 is not opened', async () => {
  await shared.server.query("create database latin encoding 'LATIN1' template template0")
  const url = shared.server.url.replace(/postgres$/, 'latin')
  await unavailable(connect({ url }), /must be in UTF8, and is in LATIN1/)
})

test('a read-only session reads, and says why it cannot write', async () => {
  const schema = newSchema()
  await connect(shared.server, { schema })
  const options = { options: '-c default_transaction_read_only=on' }
  const { environment } = await connect(shared.server, { schema }, options)
  expect(await environment.find(tokenRecord().id)).toBeUndefined()
  await unavailable(environment.insert(tokenRecord()), /read-only transaction/)
})

test('a replica is refused at open, and by a store whose connections come to lead to one', async () => {
  const primary = shared.server
  const schema = newSchema()
  const proxy = await startProxy(primary.port)
  onTestFinished(async () => proxy.stop())
  const { environment } = await connect(proxy, { schema })
  const record = tokenRecord()
  await environment.insert(record)
  const watching = await startWatching(environment)
  const replica = await startPostgresReplica(primary)
  onTestFinished(async () => replica.stop())

  await unavailable(connect(replica, { schema }), /is a replica/)
  proxy.switchTo(replica.port)
  // Not one of these may be answered from what may be old.
  await unavailable(environment.find(record.id), /is a replica/)
  await unavailable(environment.find(tokenRecord().id), /is a replica/)
  await unavailable(environment.list(LIST), /is a replica/)
  await unavailable(environment.insert(tokenRecord()), /read-only|recovery/)
  await unavailable(environment.touch([{ id: record.id, gen: 1, at: 1 }]), /read-only|recovery/)
  await watching.came('lagging')
  expect(watching.events).not.toContain('reset')

  // Once it is the primary, it has all that was acknowledged, and everything goes on.
  await primary.kill()
  onTestFinished(async () => primary.restart())
  await replica.query('select pg_promote()')
  await eventually(async () => (await environment.find(record.id)) !== undefined)
  await watching.came('live')
  expect(await environment.remove(record.id)).toBe(true)
  await watching.changed(record.id)
})

test('a fail-over that lost changes is a reset', async () => {
  const primary = shared.server
  const proxy = await startProxy(primary.port)
  onTestFinished(async () => proxy.stop())
  const { environment } = await connect(proxy, { schema: newSchema() })
  const record = tokenRecord()
  await environment.insert(record)
  const replica = await startPostgresReplica(primary)
  onTestFinished(async () => replica.stop())
  // From here on the replica is behind.
  await replica.query("alter system set primary_conninfo = ''")
  await replica.query('select pg_reload_conf()')
  await eventually(async () => (await replica.query('select from pg_stat_wal_receiver')).length === 0)
  const watching = await startWatching(environment)
  expect(await environment.remove(record.id)).toBe(true)
  await watching.changed(record.id)

  await primary.kill()
  onTestFinished(async () => primary.restart())
  proxy.switchTo(replica.port)
  await replica.query('select pg_promote()')
  await watching.came('reset')
  expect(await environment.find(record.id)).toEqual(record)
})

test('a file that cannot grow, as on a full disk: creating fails, removing and verifying go on', async () => {
  const { environment } = await connect(await ownServer({ maxFileSize: 1_024 }))
  const stored: TokenRecord[] = []
  const fill = async () => {
    for (;;) {
      const record = tokenRecord({ metadata: { text: randomBytes(700).toString('hex') }, expiresAt: 5 })
      await environment.insert(record)
      stored.push(record)
    }
  }
  await Promise.all([1, 2, 3, 4].map(() => unavailable(fill(), /File too large/)))
  const [first, ...rest] = stored
  if (first === undefined || rest.length < 100) throw new Error('the server had no room from the start')
  expect(await environment.find(first.id)).toEqual(first)
  expect((await readPage(environment, LIST)).totalCount).toBe(stored.length)
  expect(await environment.remove(first.id)).toBe(true)
  expect(await environment.find(first.id)).toBeUndefined()
  expect(await environment.purge(6)).toHaveLength(rest.length)
})

test('a restarted server: calls fail within their deadlines, and everything goes on afterwards', async () => {
  const { server } = shared
  const { environment } = await connect(server, { schema: newSchema(), ...DEADLINES })
  const record = tokenRecord()
  await environment.insert(record)
  const watching = await startWatching(environment)
  await server.kill()
  const started = performance.now()
  await Promise.all([unavailable(environment.find(record.id)), unavailable(environment.ping())])
  expect(performance.now() - started).toBeLessThan(600)
  await unavailable(environment.insert(tokenRecord()))
  await unavailable(environment.list(LIST))
  expect(performance.now() - started).toBeLessThan(3_000)
  await watching.came('lagging')
  await server.restart()
  await eventually(async () => (await environment.find(record.id)) !== undefined)
  await watching.came('live')
  expect(await environment.remove(record.id)).toBe(true)
  await watching.changed(record.id)
  expect(watching.events).not.toContain('reset')
})

test('a restart in the middle of a call is waited for, if it is short', async () => {
  const { server } = shared
  const { environment } = await connect(server, { schema: newSchema() })
  const record = tokenRecord()
  await server.kill()
  const inserting = environment.insert(record)
  await server.restart()
  await inserting
  expect(await environment.find(record.id)).toEqual(record)
})

test('a frozen server: calls end at their deadlines, the watch lags, and all goes on afterwards', async () => {
  const { server } = shared
  // One connection: the second call waits for it, and has its deadline all the same.
  const { environment } = await connect(server, { schema: newSchema(), ...DEADLINES }, { max: 1 })
  const record = tokenRecord()
  await environment.insert(record)
  const watching = await startWatching(environment)
  await server.pause()
  const started = performance.now()
  await Promise.all([
    unavailable(environment.find(record.id), /no answer within 300 ms/),
    unavailable(environment.find(record.id), /no answer within 300 ms/),
  ])
  expect(performance.now() - started).toBeLessThan(600)
  await unavailable(environment.list(LIST), /no answer within 1000 ms/)
  await unavailable(environment.remove(record.id), /no answer within 1000 ms/)
  expect(performance.now() - started).toBeLessThan(3_000)
  await watching.came('lagging')
  await server.resume()
  await watching.came('live')
  await eventually(async () => (await environment.find(record.id).then(() => true)) === true)
  const last = tokenRecord()
  await environment.insert(last)
  await watching.changed(last.id)
})

test('connections that an operator cuts, idle or in use, cost no answer and do not end the process', async () => {
  const schema = newSchema()
  const { environment } = await connect(shared.server, { schema }, { application_name: schema })
  const watching = await startWatching(environment)
  const ids: string[] = []
  const cut = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${schema}'`
  for (let round = 0; round < 10; round++) {
    const records = Array.from({ length: 8 }, () => tokenRecord())
    await Promise.all([...records.map(async (record) => environment.insert(record)), shared.server.query(cut)])
    for (const record of records) expect(await environment.find(record.id)).toEqual(record)
    ids.push(...records.map(({ id }) => id))
  }
  for (const id of ids) await watching.changed(id)
  expect(watching.events).not.toContain('reset')
})

test('an exhausted pool: calls end at their deadlines, and are not sent later', async () => {
  const schema = newSchema()
  const { environment, pool } = await connect(shared.server, { schema, ...DEADLINES }, { max: 2 })
  const held = await Promise.all([pool.connect(), pool.connect()])
  const [record, late] = [tokenRecord(), tokenRecord()]
  const started = performance.now()
  await Promise.all([
    unavailable(environment.find(record.id), /no answer within 300 ms/),
    unavailable(environment.find(record.id, { patient: true }), /no answer within 1000 ms/),
    unavailable(environment.insert(late), /no answer within 1000 ms/),
  ])
  expect(performance.now() - started).toBeLessThan(1_600)
  for (const client of held) client.release()
  await environment.insert(record)
  expect(await environment.find(record.id)).toEqual(record)
  expect(await environment.find(late.id)).toBeUndefined()
})

test('a lost answer: the write is done once, and its caller is told of success', async () => {
  const schema = newSchema()
  const proxy = await startProxy(shared.server.port)
  onTestFinished(async () => proxy.stop())
  const { environment, value } = await connect(proxy, { schema })
  const record = tokenRecord({ name: 'needle' })

  let lost = proxy.loseReplyTo('needle')
  await Promise.all([environment.insert(record), lost])
  expect(await environment.find(record.id)).toEqual(record)

  lost = proxy.loseReplyTo('renamed')
  const [updated] = await Promise.all([environment.update(record.id, { name: 'renamed' }, 1), lost])
  expect(updated).toEqual({ ...record, name: 'renamed', version: 2 })
  expect(await environment.find(record.id)).toEqual(updated)

  const publicPart = record.id.slice(3)
  lost = proxy.loseReplyTo(publicPart)
  const [gone] = await Promise.all([environment.remove(record.id), lost])
  expect(gone).toBe(true)
  expect(await environment.remove(record.id)).toBe(false)

  for (const expiresAt of [1, 2, 3]) await environment.insert(tokenRecord({ expiresAt }))
  lost = proxy.loseReplyTo('4242')
  const [purged] = await Promise.all([environment.purge(4_242), lost])
  expect(purged).toHaveLength(3)
  // The first row is that of the environment.
  expect(Number(await value(`select count(*) from ${schema}.change`))).toBe(1 + 3 + 3 + 3)
})

test('of several removals whose answers are lost, exactly one is told true', async () => {
  const schema = newSchema()
  const proxy = await startProxy(shared.server.port)
  onTestFinished(async () => proxy.stop())
  const [a, b] = [await connect(proxy, { schema }), await connect(shared.server, { schema })]
  for (let round = 0; round < 10; round++) {
    const record = tokenRecord()
    await b.environment.insert(record)
    const lost = proxy.loseReplyTo(record.id.slice(3))
    const removals = [a.environment.remove(record.id), b.environment.remove(record.id), a.environment.remove(record.id)]
    const [told] = await Promise.all([Promise.all(removals), lost])
    expect(told.filter(Boolean).length).toBe(1)
  }
})

test('the clock of the server jumps: what is told stays, what was missed is a reset', async () => {
  const schema = newSchema()
  const [a, b] = [await connect(shared.server, { schema }), await connect(shared.server, { schema })]
  const watching = await startWatching(b.environment)
  for (const record of [tokenRecord(), tokenRecord(), tokenRecord()]) {
    await a.environment.insert(record)
    await watching.changed(record.id)
  }
  // An hour forward: every row is old. The first poll of another process deletes all but the newest.
  await shared.server.query(`update ${schema}.change set at = at - interval '1 hour'`)
  const other = await startWatching(a.environment)
  await eventually(async () => Number(await a.value(`select count(*) from ${schema}.change`)) === 1)
  const next = tokenRecord()
  await a.environment.insert(next)
  await Promise.all([watching.changed(next.id), other.changed(next.id)])
  expect([...watching.events, ...other.events]).not.toContain('reset')

  // Back again: rows of the future are kept, and told.
  await shared.server.query(`update ${schema}.change set at = at + interval '1 hour'`)
  expect(await a.environment.remove(next.id)).toBe(true)
  await eventually(async () => {
    const told = watching.events.flatMap((event) => (typeof event === 'object' ? event.ids : []))
    return told.filter((id) => id === next.id).length === 2
  })
  expect(watching.events).not.toContain('reset')

  // Rows that this process has not read are gone: it cannot know what they said.
  await shared.server.query(`delete from ${schema}.change`)
  await watching.came('reset')
})

test('no error quotes a record: a row that is damaged says only whose it is', async () => {
  const schema = newSchema()
  const { environment } = await connect(shared.server, { schema })
  const record = tokenRecord()
  await environment.insert(record)
  await shared.server.query(`update ${schema}.token set record = '{"networks": "$argon2id$v=19$secret'`)
  const finding = environment.find(record.id)
  await unavailable(
    finding,
    new RegExp(`^PostgreSQL: the record of ${record.id} is damaged; it can be removed by its id\\.$`),
  )
  const error = await finding.catch((reason: unknown) => reason)
  expect((error as Error).cause).toBeUndefined()
  const page = await environment.list(LIST)
  expect([[...page.records], page.damaged]).toEqual([[], [error]])
  for (const json of ['{}', 'null', '{"networks": [], "secrets": ["$argon2id$secret"], "retired": []}']) {
    await shared.server.query(`update ${schema}.token set record = '${json}'`)
    await unavailable(
      environment.find(record.id),
      new RegExp(`^PostgreSQL: the record of ${record.id} is damaged; it can be removed by its id\\.$`),
    )
  }
  await unavailable(environment.update(record.id, { name: 'x' }, 1), /is damaged; it can be removed by its id\.$/)
  expect(await environment.remove(record.id)).toBe(true)
  expect(await environment.find(record.id)).toBeUndefined()
})

test('after close, and with a pool that was ended, calls reject', async () => {
  const schema = newSchema()
  const pool = newPool(shared.server)
  const store = postgresStore({ client: nodePg(pool), schema })
  const environment = await store.open(ENVIRONMENT)
  await pool.end()
  await unavailable(environment.find(tokenRecord().id), /after calling end/)
  await store.close()
  await unavailable(environment.find(tokenRecord().id), /closed/)
})
