import { randomUUID } from 'node:crypto'
import type { EnvironmentStore } from '@latchkey/core/store'
import { type RedisServer, startCluster, startRedis } from '@latchkey/test-servers'
import { tokenRecord } from '@latchkey/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { redisStore } from '../src/index.js'
import { CLIENTS, connect, connectCluster, type Login, MAIN_CLIENTS, startWatching } from './support.js'

const BASE = '{latchkey:default:0}:'

/** The ids of all changes that were told. */
function idsOf({ events }: Awaited<ReturnType<typeof startWatching>>): string[] {
  return events.flatMap((event) => (typeof event === 'object' ? event.ids : []))
}

describe.each(CLIENTS)('several hosts on one server, with %s', (client) => {
  let redis: RedisServer
  const cleanUp: (() => unknown)[] = []

  beforeEach(async () => {
    redis = await startRedis()
    cleanUp.push(async () => redis.stop())
  })
  afterEach(async () => {
    for (const step of cleanUp.splice(0).reverse()) await step()
  })

  async function open(login?: Login): Promise<EnvironmentStore> {
    const connection = await connect(client, redis, login)
    const store = redisStore({ client: connection.client })
    cleanUp.push(connection.close, async () => store.close())
    return store.open('default')
  }

  async function copyTo(database: number): Promise<void> {
    for (const key of (await redis.command('KEYS', '*')) as unknown[]) {
      await redis.command('COPY', String(key), String(key), 'DB', database)
    }
  }

  test.each(['data sets of their own', 'copies of one data set'])('two databases with %s', async (kind) => {
    const one = await open()
    const kept = tokenRecord()
    await one.insert(kept)
    if (kind === 'copies of one data set') await copyTo(1)
    const two = await open({ database: 1 })
    expect(two.dataset === one.dataset).toBe(kind === 'copies of one data set')
    const [own, copy] = [tokenRecord(), tokenRecord()]
    await two.insert(copy)
    const [here, there] = [await startWatching(one), await startWatching(two)]
    for (let i = 0; i < 20; i++) await one.insert(tokenRecord())
    await one.insert(own)
    await one.remove(kept.id)
    await two.update(copy.id, { enabled: false }, 1)
    await Promise.all([here.changed(own.id), here.changed(kept.id), there.changed(copy.id)])
    expect(idsOf(there)).toEqual([copy.id])
    expect(idsOf(here)).not.toContain(copy.id)
    expect([...here.events, ...there.events]).not.toContain('reset')
    expect(await two.find(copy.id)).toMatchObject({ enabled: false })
    expect((await two.find(kept.id))?.id).toBe(kind === 'copies of one data set' ? kept.id : undefined)
    await Promise.all([here.stop(), there.stop()])
  })

  test('a message of another data set changes nothing', async () => {
    const environment = await open()
    const record = tokenRecord()
    await environment.insert(record)
    const watching = await startWatching(environment)
    const say = async (dataset: string, id: string) =>
      redis.command('PUBLISH', `${BASE}inv:0`, `${dataset} 0 999 u9 ${id}`)
    expect(await say(randomUUID(), record.id)).toBe(1)
    expect(await environment.find(record.id)).toEqual(record)
    const marker = tokenRecord()
    await environment.insert(marker)
    await watching.changed(marker.id)
    expect(idsOf(watching)).toEqual([marker.id])
    expect(watching.events).not.toContain('reset')
    await watching.stop()
  })

  test('one more connection serves all environments, of all stores on the client, and goes with the last', async () => {
    const connection = await connect(client, redis)
    cleanUp.push(connection.close)
    const subscribers = async () =>
      String(await redis.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))
        .split('\n')
        .filter((line) => line.includes('id=')).length
    const stores = [redisStore({ client: connection.client }), redisStore({ client: connection.client, prefix: 'two' })]
    const watched: [EnvironmentStore, Awaited<ReturnType<typeof startWatching>>][] = []
    for (let i = 0; i < 30; i++) {
      const environment = await (stores[i % 2] ?? stores[0])?.open(`e${i}`)
      if (environment) watched.push([environment, await startWatching(environment)])
    }
    expect(watched).toHaveLength(30)
    expect(await subscribers()).toBe(1)
    const ids: string[] = []
    for (const [environment, watching] of watched) {
      const record = tokenRecord()
      await environment.insert(record)
      await watching.changed(record.id)
      ids.push(record.id)
    }
    for (const [i, [, watching]] of watched.entries()) expect(idsOf(watching)).toEqual([ids[i]])
    const [first, ...others] = watched
    for (const [, watching] of others) await watching.stop()
    const record = tokenRecord()
    await first?.[0].insert(record)
    await first?.[1].changed(record.id)
    expect(await redis.command('PUBSUB', 'CHANNELS')).toHaveLength(1)
    await first?.[1].stop()
    await expect.poll(subscribers).toBe(0)
  })

  test('a role without the right to the channel works by polling, with one warning', async () => {
    await redis.command('ACL', 'SETUSER', 'x', 'on', '>pw', '~*', '+@all', 'resetchannels')
    const warnings: Error[] = []
    const listener = (warning: Error) => void warnings.push(warning)
    process.on('warning', listener)
    cleanUp.push(() => process.off('warning', listener))
    const connection = await connect(client, redis, { username: 'x', password: 'pw' })
    const store = redisStore({ client: connection.client })
    cleanUp.push(connection.close, async () => store.close())
    const [one, two] = [await store.open('one'), await store.open('two')]
    for (const environment of [one, two]) {
      const watching = await startWatching(environment)
      const [record, gone] = [tokenRecord(), tokenRecord({ expiresAt: 5 })]
      await environment.insert(record)
      await environment.insert(gone)
      await environment.touch([{ id: record.id, gen: 1, at: 7 }])
      expect(await environment.update(record.id, { scopes: ['z'] }, 1)).toMatchObject({ scopes: ['z'], lastUsedAt: 7 })
      expect(await environment.purge(6)).toEqual([gone.id])
      const written = performance.now()
      await watching.changed(gone.id)
      expect(performance.now() - written).toBeLessThan(1_000)
      expect(await environment.remove(record.id)).toBe(true)
      expect(watching.events).not.toContain('reset')
      await watching.stop()
    }
    expect(await store.check('one')).toMatchObject({ ok: true, tokens: 0 })
    const refused = warnings.filter(({ message }) => message.includes('may not use the channel'))
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatchObject({ code: 'LATCHKEY_REDIS' })
    expect(refused[0]?.message).toContain('ACL SETUSER … &{latchkey:*')
  })
})

test.each(MAIN_CLIENTS)('in a Cluster, 30 environments need no more connections than one, with %s', async (client) => {
  const cluster = await startCluster(3)
  const connection = await connectCluster(client, cluster.nodes)
  const warnings: Error[] = []
  const listener = (warning: Error) => void warnings.push(warning)
  process.on('warning', listener)
  try {
    const store = redisStore({ client: connection.client })
    for (let i = 0; i < 30; i++) {
      const environment = await store.open(`e${i}`)
      const watching = await startWatching(environment)
      const record = tokenRecord()
      await environment.insert(record)
      await watching.changed(record.id)
    }
    const counts = await Promise.all(
      cluster.nodes.map(
        async (node) =>
          String(await node.command('CLIENT', 'LIST', 'TYPE', 'pubsub'))
            .split('\n')
            .filter((line) => line.includes('id=')).length,
      ),
    )
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1)
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([])
    await store.close()
  } finally {
    process.off('warning', listener)
    connection.close()
    await cluster.stop()
  }
})
