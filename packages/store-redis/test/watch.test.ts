import type { EnvironmentStore } from '@latchkey/core/store'
import { type RedisServer, startRedis, startTcpProxy } from '@latchkey/test-servers'
import { tokenRecord } from '@latchkey/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { redisStore } from '../src/index.js'
import { type Connection, connect, MAIN_CLIENTS, startWatching, type Watching } from './support.js'

const BASE = '{latchkey:default:0}:'

describe.each(MAIN_CLIENTS)('watch on %s', (client) => {
  let redis: RedisServer
  let connections: Connection[]
  let a: EnvironmentStore
  let b: EnvironmentStore
  let watching: Watching

  beforeEach(async () => {
    redis = await startRedis()
    connections = [await connect(client, redis), await connect(client, redis)]
    const stores = connections.map((connection) => redisStore({ client: connection.client }))
    const [one, two] = await Promise.all(stores.map(async (store) => store.open('default')))
    if (!one || !two) throw new Error('two stores')
    a = one
    b = two
    watching = await startWatching(b)
  })
  afterEach(async () => {
    await watching.stop()
    for (const { close } of connections) close()
    await redis.stop()
  })

  test('a change arrives by message long before the next poll, once', async () => {
    const records = Array.from({ length: 40 }, () => tokenRecord())
    const latencies: number[] = []
    for (const record of records) {
      const arrived = watching.changed(record.id).then(() => performance.now())
      await a.insert(record)
      const acknowledged = performance.now()
      latencies.push((await arrived) - acknowledged)
    }
    expect(latencies.sort((x, y) => x - y)[20]).toBeLessThan(50)
    // The polls that follow bring nothing twice.
    const [late] = [tokenRecord()]
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await a.insert(late)
    await watching.changed(late.id)
    const ids = watching.events.flatMap((event) => (typeof event === 'object' ? event.ids : []))
    for (const { id } of records) expect(ids.filter((other) => other === id).length).toBe(1)
    expect(watching.events).not.toContain('reset')
  })

  test('with the subscriber killed again and again the stream brings every change within 1 s', async () => {
    const removed = new Map<string, number>()
    for (let i = 0; i < 20; i++) {
      const record = tokenRecord()
      await a.insert(record)
      await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await a.remove(record.id)
      removed.set(record.id, performance.now())
      await watching.changed(record.id)
      expect(performance.now() - (removed.get(record.id) ?? 0)).toBeLessThan(1_000)
    }
    expect(watching.events).not.toContain('reset')
  })

  test('a gap in the stream is a reset', async () => {
    const record = tokenRecord()
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await a.insert(record)
    await redis.command('XTRIM', `${BASE}log`, 'MAXLEN', 0)
    await redis.command('INCR', `${BASE}seq`)
    await watching.came('reset')
    await a.remove(record.id)
    await watching.changed(record.id)
  })

  test('a sequence that went back is a reset', async () => {
    for (let i = 0; i < 3; i++) await a.insert(tokenRecord())
    await redis.command('SET', `${BASE}seq`, 1)
    await watching.came('reset')
  })

  test('a sequence that went back is seen by the next read too', async () => {
    const record = tokenRecord()
    await b.insert(record)
    await b.insert(tokenRecord())
    await redis.command('SET', `${BASE}seq`, 1)
    await b.find(record.id)
    expect(watching.events).toContain('reset')
  })

  test('a watch that began while the server was silent starts with a reset', async () => {
    await watching.stop()
    redis.pause()
    watching = await startWatching(b)
    expect(watching.events).not.toContain('reset')
    await watching.came('lagging')
    redis.resume()
    await watching.came('reset')
    await watching.came('live')
  })

  test('another data set is a reset, and then lagging', async () => {
    await redis.command('SET', `${BASE}meta`, '{"fmt":1}')
    await watching.came('reset')
    await watching.came('lagging')
  })

  test('a watch that ends while it is being subscribed again leaves no rejection that nobody handles', async () => {
    const proxy = await startTcpProxy(redis.port)
    const connection = await connect(client, proxy)
    const unhandled: unknown[] = []
    const listener = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', listener)
    try {
      const environment = await redisStore({ client: connection.client }).open('default')
      const short = await startWatching(environment)
      await a.insert(tokenRecord())
      for (let i = 0; i < 3; i++) {
        const record = tokenRecord()
        await a.insert(record)
        await short.changed(record.id)
      }
      const again = proxy.loseReplyTo(':inv')
      await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await again
      await short.stop()
      // Rejections are reported behind the turn in which the connection was seen to close.
      await proxy.stop()
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
    } finally {
      process.off('unhandledRejection', listener)
      connection.close()
    }
    expect(unhandled).toEqual([])
  })
})
