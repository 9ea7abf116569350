import type { ChangeEvent, EnvironmentStore, Unwatch } from '@latchkey/core/store'
import { type RedisServer, startCluster, startRedis } from '@latchkey/test-servers'
import { ioredis, nodeRedis, type RedisClient } from '../src/index.js'

/** `npm run long` asks more, of more data. */
export const LONG = process.env.LATCHKEY_LONG === '1'

/** The newest of each kind. */
export const CLIENTS = ['node-redis', 'ioredis'] as const
/** Both with LATCHKEY_LONG=1; else one, for what the server does rather than a client. */
export const MAIN_CLIENTS = process.env.LATCHKEY_LONG === '1' ? CLIENTS : CLIENTS.slice(0, 1)
/** What hosts have besides. */
export const OTHER_CLIENTS = ['node-redis 5', 'ioredis 5', 'iovalkey'] as const
export type ClientName = (typeof CLIENTS | typeof OTHER_CLIENTS)[number]

// The types of these are those of the newest: `types.ts` compiles a host on each.
const loadNodeRedis = async (name: ClientName) =>
  name === 'node-redis 5' ? ((await import('redis5')) as unknown as typeof import('redis')) : import('redis')

const loadIoredis = async (name: ClientName) => {
  if (name === 'ioredis 5') return (await import('ioredis5')) as unknown as typeof import('ioredis')
  if (name === 'iovalkey') return (await import('iovalkey')) as unknown as typeof import('ioredis')
  return import('ioredis')
}

function isNodeRedis(name: ClientName): boolean {
  return name === 'node-redis' || name === 'node-redis 5'
}

export interface Connection {
  client: RedisClient
  close(): void
}

export interface Login {
  readonly database?: number
  readonly username?: string
  readonly password?: string
}

/** A client of the kind to a standalone server, with settings that fail fast. */
export async function connect(
  name: ClientName,
  { port }: Pick<RedisServer, 'port'>,
  { database = 0, ...login }: Login = {},
): Promise<Connection> {
  if (isNodeRedis(name)) {
    const { createClient } = await loadNodeRedis(name)
    const client = createClient({
      socket: { port, host: '127.0.0.1', reconnectStrategy: (retries) => Math.min(20 * retries, 200) },
      disableOfflineQueue: true,
      ...{ database, ...login },
    })
    client.on('error', () => {})
    await client.connect()
    return { client: nodeRedis(client), close: () => client.destroy() }
  }
  const { Redis } = await loadIoredis(name)
  const client = new Redis({
    port,
    host: '127.0.0.1',
    enableOfflineQueue: false,
    lazyConnect: true,
    db: database,
    ...login,
  })
  client.on('error', () => {})
  await client.connect()
  return { client: ioredis(client), close: () => client.disconnect() }
}

/** A client of the kind to a Cluster. */
export async function connectCluster(
  name: ClientName,
  nodes: readonly Pick<RedisServer, 'port'>[],
): Promise<Connection> {
  if (isNodeRedis(name)) {
    const { createCluster } = await loadNodeRedis(name)
    const client = createCluster({
      rootNodes: nodes.map(({ port }) => ({ socket: { port, host: '127.0.0.1' } })),
      defaults: { disableOfflineQueue: true },
    })
    client.on('error', () => {})
    await client.connect()
    return { client: nodeRedis(client), close: () => client.destroy() }
  }
  const { Cluster } = await loadIoredis(name)
  const client = new Cluster(
    nodes.map(({ port }) => ({ port, host: '127.0.0.1' })),
    { lazyConnect: true },
  )
  client.on('error', () => {})
  await client.connect()
  return { client: ioredis(client), close: () => client.disconnect() }
}

export interface Setup {
  readonly name: string
  readonly shards: number
  /** Starts the servers; the result makes connections to them. */
  start(): Promise<{ connect(): Promise<Connection>; stop(): Promise<void> }>
}

/** Standalone and a Cluster of 3 masters. */
export function setupsOf(name: ClientName): Setup[] {
  return [
    {
      name: `${name}, standalone`,
      shards: 1,
      async start() {
        const server = await startRedis()
        return { connect: async () => connect(name, server), stop: async () => server.stop() }
      },
    },
    {
      name: `${name}, Cluster of 3`,
      shards: LONG ? 4 : 2,
      async start() {
        const cluster = await startCluster(3)
        return { connect: async () => connectCluster(name, cluster.nodes), stop: async () => cluster.stop() }
      },
    },
  ]
}

export interface Watching {
  readonly events: ChangeEvent[]
  /** Resolves when the event came, after this call or before it. */
  came(event: 'reset' | 'lagging' | 'live'): Promise<void>
  changed(id: string): Promise<void>
  stop: Unwatch
}

/** Collects the events of an environment, and waits for them with a deadline. */
export async function startWatching(environment: EnvironmentStore, patience = 5_000): Promise<Watching> {
  const events: ChangeEvent[] = []
  let wake = () => {}
  const stop = await environment.watch((event) => {
    events.push(event)
    wake()
  })
  async function until(what: string, holds: () => boolean): Promise<void> {
    const deadline = Date.now() + patience
    while (!holds()) {
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`no ${what} within ${patience} ms: ${JSON.stringify(events)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  return {
    events,
    came: async (event) => until(event, () => events.includes(event)),
    changed: async (id) =>
      until(`change of ${id}`, () => events.some((event) => typeof event === 'object' && event.ids.includes(id))),
    stop,
  }
}
