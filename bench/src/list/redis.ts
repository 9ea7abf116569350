import { Worker } from 'node:worker_threads'
import type { EnvironmentStore } from '@latchkey/core'
import { ioredis, nodeRedis, type RedisClient, redisStore } from '@latchkey/store-redis'
import { type RedisServer, startRedis, tokenRecord } from '@latchkey/testkit'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { NOW } from './data.js'
import { measure, type Row, rowOf } from './measure.js'
import { COUNTED } from './queries.js'
import type { Subject } from './subject.js'

/** A server of its own, without persistence, and a client of this kind. */
export async function redisSubject(kind: 'node-redis' | 'ioredis'): Promise<Subject> {
  const server = await startRedis({ args: ['--slowlog-max-len', '100000', '--slowlog-log-slower-than', '500'] })
  const { client, close } = await connect(kind, server.port)
  const empty = await used(server)
  const store = redisStore({ client, manageTimeout: 60_000 })
  return {
    store,
    filled: false,
    size: async () => (await used(server)) - empty,
    server: {
      async reset() {
        await server.command('CONFIG', 'RESETSTAT')
        await server.command('SLOWLOG', 'RESET')
      },
      async read() {
        const stats = String(await server.command('INFO', 'commandstats'))
        const [, calls = 0, , perCall = 0] =
          /cmdstat_evalsha:calls=(\d+),usec=(\d+),usec_per_call=([\d.]+)/.exec(stats) ?? []
        const slow = (await server.command('SLOWLOG', 'GET', -1)) as [number, number, number, string[]][]
        // The question itself is not counted.
        const times = slow
          .filter(([, , , [command = '']]) => !/slowlog|info|config/i.test(command))
          .map(([, , us]) => us)
        return { scriptUs: Number(calls) > 0 ? Number(perCall) : undefined, longestMs: Math.max(0, ...times) / 1_000 }
      },
    },
    more: async (environment, ids, report) => {
      await totals(environment, report)
      await inParallel(environment, ids, report)
      await concurrentReads(environment, server, ids, report)
      await revocations(kind, environment, server, report)
    },
    async remove() {
      close()
      await server.stop()
    },
  }
}

async function used(server: RedisServer): Promise<number> {
  await server.command('SLOWLOG', 'RESET')
  return Number(/used_memory:(\d+)/.exec(String(await server.command('INFO', 'memory')))?.[1])
}

async function connect(kind: 'node-redis' | 'ioredis', port: number): Promise<{ client: RedisClient; close(): void }> {
  if (kind === 'ioredis') {
    const client = new Redis({ port, host: '127.0.0.1', enableAutoPipelining: true })
    return { client: ioredis(client), close: () => client.disconnect() }
  }
  const client = createClient({ socket: { port, host: '127.0.0.1' }, disableOfflineQueue: true })
  client.on('error', () => {})
  await client.connect()
  return { client: nodeRedis(client), close: () => client.destroy() }
}

type Report = (row: Row) => void

/** First pages with their exact totals. */
async function totals(store: EnvironmentStore, report: Report): Promise<void> {
  for (const { name, filter, sort } of COUNTED) {
    const run = async () => store.list({ filter, sort, limit: 200, count: true })
    report(await measure(`200 rows and exact total: ${name}`, 20, run))
  }
}

async function inParallel(store: EnvironmentStore, ids: readonly string[], report: Report): Promise<void> {
  const times: number[] = []
  const started = performance.now()
  for (let round = 0; round < 200; round++) {
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const start = performance.now()
        await store.find(ids[(round * 7_919 + i * 104_729) % ids.length] ?? '')
        times.push(performance.now() - start)
      }),
    )
  }
  const perSecond = Math.round(40_000 / ((performance.now() - started) / 1_000))
  report(rowOf(`point reads, 200 at once (${perSecond} a second)`, times))
  const uses = Array.from({ length: 5_000 }, (_, i) => ({ id: ids[(i * 131) % ids.length] ?? '', gen: 1 }))
  const touched = async (i: number) =>
    store.touch(uses.map((use) => ({ ...use, at: NOW + 1e9 + i, ip: '203.0.113.9' })))
  report(await measure('touch, 5,000 tokens', 10, touched))
}

/** What a point read of another thread waits while this one lists. */
async function concurrentReads(
  store: EnvironmentStore,
  { port }: RedisServer,
  ids: readonly string[],
  report: Report,
): Promise<void> {
  const worker = new Worker(new URL('./probe.js', import.meta.url), {
    workerData: { port, ids: ids.filter((_, i) => i % Math.ceil(ids.length / 1_000) === 0) },
  })
  const answer = new Promise<number[]>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  const end = performance.now() + 4_000
  for (let i = 0; performance.now() < end; i++) {
    const query = COUNTED[i % COUNTED.length]
    if (query) await store.list({ filter: query.filter, sort: query.sort, limit: 200, count: false })
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  worker.postMessage('stop')
  report(rowOf('point read of another thread, while lists run', await answer))
}

/** From the acknowledgement of a removal on one connection to the event on another. */
async function revocations(
  kind: 'node-redis' | 'ioredis',
  store: EnvironmentStore,
  server: RedisServer,
  report: Report,
): Promise<void> {
  const { client, close } = await connect(kind, server.port)
  const other = redisStore({ client })
  const arrivals = new Map<string, (at: number) => void>()
  await (await other.open('default')).watch((event) => {
    if (typeof event === 'object') for (const id of event.ids) arrivals.get(id)?.(performance.now())
  })
  const revoke = async (before: () => Promise<unknown>): Promise<number> => {
    const { id } = tokenRecord()
    await store.insert(tokenRecord({ id }))
    await before()
    const arrived = new Promise<number>((resolve) => {
      arrivals.set(id, resolve)
    })
    await store.remove(id)
    const acknowledged = performance.now()
    return Math.max(0, (await arrived) - acknowledged)
  }
  const times: number[] = []
  for (let i = 0; i < 500; i++) times.push(await revoke(async () => new Promise((resolve) => setImmediate(resolve))))
  report(rowOf('revocation seen by another connection', times))
  const killed: number[] = []
  for (let i = 0; i < 30; i++) killed.push(await revoke(async () => server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')))
  report(rowOf('the same, its subscriber killed just before', killed))
  await other.close()
  close()
}
