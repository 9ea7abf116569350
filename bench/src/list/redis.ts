import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { EnvironmentStore } from '@latchkey/core/store'
import { ioredis, nodeRedis, type RedisClient, redisStore } from '@latchkey/store-redis'
import { type RedisServer, startRedis } from '@latchkey/test-servers'
import { tokenRecord } from '@latchkey/testkit'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { NOW } from './data.js'
import { failed, measure, type Row, rowOf } from './measure.js'
import { COUNTED } from './queries.js'
import type { Subject } from './subject.js'

/**
 * A server of its own and a client of this kind. It writes nothing to disk, but for a snapshot in the folder `path` once all
 * tokens are in, from which a later run starts.
 */
export async function redisSubject(kind: 'node-redis' | 'ioredis', path?: string): Promise<Subject> {
  const args = ['--slowlog-max-len', '100000', '--slowlog-log-slower-than', '500']
  if (path !== undefined) {
    mkdirSync(path, { recursive: true })
    args.push('--dir', resolve(path))
  }
  const filled = path !== undefined && existsSync(join(path, 'dump.rdb'))
  const server = await startRedis({ args })
  const { client, close } = await connect(kind, server.port)
  const store = redisStore({ client })
  return {
    store,
    filled,
    async fill(records) {
      // In the order of the tokens, by the script of `insert`, with more patience for a server that is never idle.
      const filler = redisStore({ client, manageTimeout: 60_000 })
      const environment = await filler.open('default')
      await inWindows(records, (record) => environment.insert(record))
      await filler.close()
      if (path !== undefined) await server.command('SAVE')
    },
    size: async () => used(server),
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
      await inParallel(environment, kind, server, ids, report)
      await concurrentReads(environment, server, ids, report)
      await revocations(kind, environment, server, report)
    },
    async remove() {
      close()
      await server.stop()
    },
  }
}

/** What the tokens take: all but what an empty server needs. */
async function used(server: RedisServer): Promise<number> {
  await server.command('SLOWLOG', 'RESET')
  const info = String(await server.command('INFO', 'memory'))
  const bytes = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1])
  return bytes('used_memory') - bytes('used_memory_startup')
}

const WINDOW = 256

/** So many calls on their way at all times. */
async function inWindows<T>(items: Iterable<T>, run: (item: T) => Promise<unknown>): Promise<void> {
  const source = items[Symbol.iterator]()
  const lane = async () => {
    for (let next = source.next(); !next.done; next = source.next()) await run(next.value)
  }
  await Promise.all(Array.from({ length: WINDOW }, lane))
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
    report(
      await measure(`200 rows and exact total: ${name}`, 20, run).catch(failed(`200 rows and exact total: ${name}`)),
    )
  }
}

/**
 * Point reads, 200 at once, and the same strings read with the client alone in turns with them: what client and machine allow
 * of reads that each are a command.
 */
async function inParallel(
  store: EnvironmentStore,
  kind: 'node-redis' | 'ioredis',
  { port }: RedisServer,
  ids: readonly string[],
  report: Report,
): Promise<void> {
  const raw = await connect(kind, port)
  const base = '{latchkey:default:0}:'
  const contenders: { name: string; read(id: string): Promise<unknown>; times: number[]; total: number }[] = [
    { name: 'point reads, 200 at once', read: async (id) => store.find(id), times: [], total: 0 },
    {
      name: 'the client alone, 200 MGET at once',
      async read(id) {
        const part = id.slice(-24)
        const keys = [`${base}t:${part}`, `${base}u:${part}`, `${base}seq`, `${base}meta`]
        return raw.client.command(keys[0] ?? '', ['MGET', ...keys], 0)
      },
      times: [],
      total: 0,
    },
  ]
  for (let round = 0; round < 200; round++) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const started = performance.now()
      await Promise.all(
        Array.from({ length: 200 }, async (_, i) => {
          const start = performance.now()
          await contender.read(ids[(round * 7_919 + i * 104_729) % ids.length] ?? '')
          contender.times.push(performance.now() - start)
        }),
      )
      contender.total += performance.now() - started
    }
  }
  for (const { name, times, total } of contenders) {
    report(rowOf(`${name} (${Math.round(times.length / (total / 1_000))} a second)`, times))
  }
  raw.close()
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
