import { StoreError } from '@latchkey/core'
import { type RedisServer, startRedis, startReplica, startTcpProxy } from '@latchkey/test-servers'
import { readPage, storedSecret, tokenRecord } from '@latchkey/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { type RedisStoreOptions, redisStore } from '../src/index.js'
import { CLIENTS, type ClientName, connect, startWatching } from './support.js'

const ENVIRONMENT = 'default'
const LIST = { filter: {}, sort: { by: 'name', direction: 'asc' }, limit: 10, count: true } as const
const cleanUp: (() => unknown)[] = []

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step()
})

async function server(...args: string[]): Promise<RedisServer> {
  const started = await startRedis({ args })
  cleanUp.push(async () => started.stop())
  return started
}

async function storeOn(client: ClientName, to: { port: number }, options: Partial<RedisStoreOptions> = {}) {
  const connection = await connect(client, to)
  const store = redisStore({ client: connection.client, ...options })
  cleanUp.push(connection.close, async () => store.close())
  return store
}

async function unavailable(call: Promise<unknown>, text?: RegExp): Promise<void> {
  const error = await call.then(
    (value) => new Error(`resolved to ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(StoreError)
  expect((error as StoreError).code).toBe('ERR_STORE')
  if (text) expect((error as StoreError).message).toMatch(text)
}

/** Asks again until it is so; for what takes a client or a server a moment, such as connecting again. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('it never came to hold')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe.each(CLIENTS)('%s', (client) => {
  test('after a restart without data nothing is "unknown": every call fails until init()', async () => {
    const redis = await server()
    const store = await storeOn(client, redis)
    const environment = await store.open(ENVIRONMENT)
    const record = tokenRecord()
    await environment.insert(record)
    const watching = await startWatching(environment)
    const { dataset } = environment

    await redis.restart()
    await eventually(async () => (await redis.command('PING')) === 'PONG')
    await unavailable(environment.find(record.id))
    await watching.came('reset')
    await watching.came('lagging')
    await eventually(async () => unavailable(environment.find(record.id), /another data set/).then(() => true))
    await unavailable(environment.list(LIST), /another data set/)
    await unavailable(environment.insert(tokenRecord()), /another data set/)
    await unavailable(environment.update(record.id, { enabled: false }, 1), /another data set/)
    await unavailable(environment.remove(record.id), /another data set/)
    await unavailable(environment.touch([{ id: record.id, gen: 1, at: 1 }]), /another data set/)
    await unavailable(environment.purge(1), /another data set/)
    await unavailable(environment.ping(), /another data set/)
    expect(await redis.command('DBSIZE')).toBe(0)

    // A process that has seen nothing may begin anew; that does not make it the data set that this one saw.
    const other = await (await storeOn(client, redis)).open(ENVIRONMENT)
    expect(other.dataset).not.toBe(dataset)
    await unavailable(environment.find(record.id), /another data set/)

    expect(await store.init(ENVIRONMENT)).toEqual({ dataset: other.dataset, created: false })
    expect(environment.dataset).toBe(other.dataset)
    expect(await environment.find(record.id)).toBeUndefined()
    await environment.insert(record)
    expect(await other.find(record.id)).toEqual(record)
    await watching.came('live')
  })

  test('a fail-over that lost acknowledged writes brings no revoked token back on a node that saw it', async () => {
    const redis = await server()
    const replica = await startReplica(redis)
    cleanUp.push(async () => replica.stop())
    const [writer, watcher] = await Promise.all([storeOn(client, redis), storeOn(client, redis)])
    const [a, b] = [await writer.open(ENVIRONMENT), await watcher.open(ENVIRONMENT)]
    const [removed, disabled, kept] = [tokenRecord(), tokenRecord(), tokenRecord()]
    for (const record of [removed, disabled, kept]) await a.insert(record)
    await eventually(async () => (await replica.command('GET', '{latchkey:default:0}:seq')) === '3')
    const watching = await startWatching(b)

    // From here on the replica is behind.
    await replica.command('REPLICAOF', 'NO', 'ONE')
    expect(await a.remove(removed.id)).toBe(true)
    await a.update(disabled.id, { enabled: false }, 1)
    await watching.changed(removed.id)
    await watching.changed(disabled.id)
    await redis.kill()
    // The replica's history takes over the master's address.
    await redis.restart()
    await redis.command('REPLICAOF', '127.0.0.1', replica.port)
    await eventually(async () => String(await redis.command('INFO', 'replication')).includes('master_link_status:up'))
    await redis.command('REPLICAOF', 'NO', 'ONE')

    await eventually(async () => (await a.find(kept.id)) !== undefined && (await b.find(kept.id)) !== undefined)
    for (const node of [a, b]) {
      expect(await node.find(removed.id)).toBeUndefined()
      await unavailable(node.find(disabled.id), /lost a change/)
      expect(await node.find(kept.id)).toEqual(kept)
    }
    await watching.came('reset')
  })

  test("durability 'replica' says when no replica has a change that was applied", async () => {
    const redis = await server()
    const replica = await startReplica(redis)
    cleanUp.push(async () => replica.stop())
    const environment = await (await storeOn(client, redis, { durability: 'replica', replicaTimeout: 1_500 })).open(
      ENVIRONMENT,
    )
    const [safe, unsafe] = [tokenRecord(), tokenRecord()]
    await environment.insert(safe)
    replica.pause()
    await unavailable(environment.insert(unsafe), /applied, but no replica/)
    replica.resume()
    expect(await environment.find(unsafe.id)).toEqual(unsafe)
  })

  test('out of memory: creating fails and changes nothing; revoking, narrowing and rotating work', async () => {
    const redis = await server()
    const environment = await (await storeOn(client, redis)).open(ENVIRONMENT)
    const [one, two, three] = [tokenRecord(), tokenRecord(), tokenRecord({ expiresAt: 5 })]
    for (const record of [one, two, three]) await environment.insert(record)
    await redis.command('CONFIG', 'SET', 'maxmemory', 1)
    const refused = tokenRecord()
    await unavailable(environment.insert(refused), /OOM/)
    expect(await environment.find(refused.id)).toBeUndefined()
    expect((await environment.update(one.id, { enabled: false, scopes: [] }, 1))?.enabled).toBe(false)
    expect((await environment.update(one.id, { secrets: [storedSecret({ gen: 2 })] }, 2))?.version).toBe(3)
    expect(await environment.remove(two.id)).toBe(true)
    expect(await environment.find(two.id)).toBeUndefined()
    expect(await environment.purge(6)).toHaveLength(1)
    expect((await readPage(environment, LIST)).records.map(({ id }) => id)).toEqual([one.id])
    await redis.command('CONFIG', 'SET', 'maxmemory', 0)
    await environment.insert(refused)
  })

  test('a script that hangs: reads fail within their deadline, a write and a patient read wait and succeed once it was killed', async () => {
    const redis = await server('--lua-time-limit', '20')
    const environment = await (await storeOn(client, redis)).open(ENVIRONMENT)
    const [record, late] = [tokenRecord(), tokenRecord()]
    await environment.insert(record)
    const hanging = expect(redis.command('EVAL', 'while true do end', 0)).rejects.toThrow(/killed/i)
    await eventually(async () =>
      redis.command('PING').then(
        () => false,
        () => true,
      ),
    )
    const started = performance.now()
    const patient = environment.find(record.id, { patient: true })
    await unavailable(environment.find(record.id), /BUSY|no answer/)
    expect(performance.now() - started).toBeLessThan(600)
    const inserting = environment.insert(late)
    await redis.command('SCRIPT', 'KILL')
    await Promise.all([hanging, inserting])
    expect(await patient).toEqual(record)
    expect(await environment.find(late.id)).toEqual(late)
  })

  test('NOSCRIPT: every operation works after SCRIPT FLUSH', async () => {
    const redis = await server()
    const environment = await (await storeOn(client, redis)).open(ENVIRONMENT)
    const record = tokenRecord({ expiresAt: 5 })
    const flush = async () => redis.command('SCRIPT', 'FLUSH')
    await flush()
    await environment.insert(record)
    await flush()
    await environment.touch([{ id: record.id, gen: 1, at: 7 }])
    await flush()
    expect((await environment.update(record.id, { name: 'new' }, 1))?.lastUsedAt).toBe(7)
    await flush()
    expect((await readPage(environment, { ...LIST, sort: { by: 'createdAt', direction: 'asc' } })).records.length).toBe(
      1,
    )
    await flush()
    expect(await environment.remove(record.id)).toBe(true)
  })

  test('a silent server: calls end at their deadlines, the watch lags, and all goes on afterwards', async () => {
    const redis = await server()
    const environment = await (await storeOn(client, redis, { manageTimeout: 700 })).open(ENVIRONMENT)
    const record = tokenRecord()
    await environment.insert(record)
    const watching = await startWatching(environment)
    redis.pause()
    const started = performance.now()
    await Promise.all(
      [environment.find(record.id), environment.ping()].map((call) => unavailable(call, /no answer within 300 ms/)),
    )
    expect(performance.now() - started).toBeLessThan(600)
    await unavailable(environment.list(LIST), /no answer within 700 ms/)
    expect(performance.now() - started).toBeLessThan(1_600)
    await watching.came('lagging')
    redis.resume()
    await watching.came('live')
    await eventually(async () => (await environment.find(record.id)) !== undefined)
    expect(await environment.remove(record.id)).toBe(true)
    await watching.changed(record.id)
  })

  test('a lost reply: the write is done once, and its caller is told of success', async () => {
    const redis = await server()
    const proxy = await startTcpProxy(redis.port)
    cleanUp.push(async () => proxy.stop())
    const environment = await (await storeOn(client, proxy)).open(ENVIRONMENT)
    const record = tokenRecord({ name: 'needle' })

    let lost = proxy.loseReplyTo('needle')
    await Promise.all([environment.insert(record), lost])
    expect(await environment.find(record.id)).toEqual(record)

    lost = proxy.loseReplyTo('renamed')
    const [updated] = await Promise.all([environment.update(record.id, { name: 'renamed' }, 1), lost])
    expect(updated).toEqual({ ...record, name: 'renamed', version: 2 })
    expect(await environment.find(record.id)).toEqual(updated)

    // Only removals have the key of a tombstone.
    lost = proxy.loseReplyTo(':d:')
    const [gone] = await Promise.all([environment.remove(record.id), lost])
    expect(gone).toBe(true)
    expect(await environment.remove(record.id)).toBe(false)
    expect(await redis.command('GET', '{latchkey:default:0}:seq')).toBe('3')
  })

  test('a dead server: calls fail within their deadlines, and work again after it came back', async () => {
    const redis = await server()
    const environment = await (await storeOn(client, redis, { manageTimeout: 500 })).open(ENVIRONMENT)
    await redis.kill()
    const started = performance.now()
    await unavailable(environment.find(tokenRecord().id))
    expect(performance.now() - started).toBeLessThan(600)
    await unavailable(environment.ping())
    await unavailable(environment.insert(tokenRecord()))
    expect(performance.now() - started).toBeLessThan(1_700)
  })

  test("foreign keys among the store's own never make a token that no list shows", async () => {
    const redis = await server()
    const environment = await (await storeOn(client, redis)).open(ENVIRONMENT)
    const before = tokenRecord()
    await environment.insert(before)
    await redis.command('SET', '{latchkey:default:0}:o:mallory', 'not a sorted set')
    const record = tokenRecord({ owner: 'mallory' })
    await unavailable(environment.insert(record), /WRONGTYPE/)
    expect(await environment.find(record.id)).toBeUndefined()
    expect((await readPage(environment, LIST)).records).toEqual([before])
    // A removal kills the token whatever else is wrong.
    await redis.command('DEL', '{latchkey:default:0}:z:n')
    await redis.command('SET', '{latchkey:default:0}:z:n', 'not a sorted set')
    await unavailable(environment.remove(before.id), /WRONGTYPE/)
    expect(await environment.find(before.id)).toBeUndefined()
  })

  test('a channel that is refused breaks no write; changes arrive within a second all the same', async () => {
    const redis = await server()
    const environment = await (await storeOn(client, redis)).open(ENVIRONMENT)
    await redis.command('ACL', 'SETUSER', 'default', 'resetchannels')
    const watching = await startWatching(environment)
    const record = tokenRecord()
    await environment.insert(record)
    const written = performance.now()
    expect(await environment.update(record.id, { enabled: false }, 1)).toEqual({
      ...record,
      enabled: false,
      version: 2,
    })
    await watching.changed(record.id)
    expect(performance.now() - written).toBeLessThan(1_000)
    expect(await environment.remove(record.id)).toBe(true)
  })

  test('a key space whose meta is missing or strange is not opened; init() accepts it', async () => {
    const redis = await server()
    const environment = await (await storeOn(client, redis)).open(ENVIRONMENT)
    const record = tokenRecord()
    await environment.insert(record)
    await redis.command('SET', '{latchkey:default:0}:meta', '{"fmt":2}')
    await unavailable((await storeOn(client, redis)).open(ENVIRONMENT), /format/)
    await redis.command('DEL', '{latchkey:default:0}:meta')
    const store = await storeOn(client, redis)
    await unavailable(store.open(ENVIRONMENT), /incomplete/)
    expect((await store.init(ENVIRONMENT)).created).toBe(true)
    expect(await (await store.open(ENVIRONMENT)).find(record.id)).toEqual(record)
  })

  test('a memory policy that evicts is warned of, at open and by check()', async () => {
    const redis = await server('--maxmemory-policy', 'allkeys-lru')
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const store = await storeOn(client, redis)
    await store.open(ENVIRONMENT)
    expect((await warned).message).toMatch(/maxmemory-policy is allkeys-lru/)
    expect((await store.check(ENVIRONMENT)).warnings.join()).toMatch(/noeviction/)
  })
})
