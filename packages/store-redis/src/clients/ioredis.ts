import { type Argument, assertMethods, type RedisClient } from './client.js'
import { type Subscriber, type SubscriberEvents, sharedSubscriptions } from './subscriptions.js'

type Listener = (channel: string, message: string) => void

interface Listening {
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: 'message', listener: Listener): unknown
  on(event: 'error' | 'ready', listener: () => void): unknown
  off(event: 'message', listener: Listener): unknown
}

interface Pipeline {
  call(command: string, ...args: Argument[]): unknown
  exec(): Promise<[error: Error | null, result: unknown][] | null>
}

interface Commands extends Listening {
  readonly options: object
  getBuffer(key: string): Promise<unknown>
  pipeline(): Pipeline
}

/** The part of a `Redis` of ioredis 5 or 6, or of iovalkey, that is used. */
export interface IoredisClient extends Commands {
  duplicate(override: { lazyConnect: boolean; enableOfflineQueue: boolean; autoResubscribe: boolean }): IoredisDuplicate
}

/** The part of a `Cluster` of ioredis 5 or 6, or of iovalkey, that is used. */
export interface IoredisCluster extends Commands {
  /** Tells the two kinds apart. */
  nodes(): unknown
}

interface IoredisDuplicate extends Listening {
  connect(): Promise<unknown>
  disconnect(): void
}

interface Settings {
  keyPrefix?: string
  scaleReads?: unknown
  enableOfflineQueue?: boolean
  maxRetriesPerRequest?: number | null
  retryStrategy?: unknown
  clusterRetryStrategy?: unknown
}

/**
 * A client for the store, on the host's own `Redis` or `Cluster` of ioredis 5 or 6, or of iovalkey. The store never
 * closes it. To hear of changes, it opens one more connection like it (in a Cluster: it uses the client's own
 * subscriber connection).
 *
 * Throws a `TypeError` for what is no client of ioredis, and for a client with `keyPrefix` (Redis would see other keys)
 * or with a `scaleReads` other than `'master'` (a replica may not know of a revocation yet).
 *
 * @example
 * const store = redisStore({ client: ioredis(new Redis({ enableOfflineQueue: false })) })
 */
export function ioredis(client: IoredisClient | IoredisCluster): RedisClient {
  const hint = ' Pass new Redis() or new Cluster() of ioredis 5 or newer, or of iovalkey.'
  assertMethods('ioredis(client)', client, ['getBuffer', 'pipeline', 'subscribe'], hint)
  if (!('nodes' in client)) assertMethods('ioredis(client)', client, ['duplicate'], hint)
  const settings: Settings = client.options
  if (settings.keyPrefix) throw new TypeError('ioredis(client): the client must not have a keyPrefix')
  if (settings.scaleReads !== undefined && settings.scaleReads !== 'master') {
    throw new TypeError("ioredis(client): the client's scaleReads must be 'master'")
  }
  return {
    cluster: 'nodes' in client,
    command: async (_key, [name, ...args]) => method(client, `${String(name).toLowerCase()}Buffer`)(...args),
    // A pipeline goes to the node of its keys, so a command with a key leads WAIT there.
    async wait(key, replicas, timeout) {
      const pipeline = client.pipeline()
      pipeline.call('EXISTS', key)
      pipeline.call('WAIT', String(replicas), String(timeout))
      const [error, count] = (await pipeline.exec())?.[1] ?? [new Error('the pipeline was given up'), 0]
      if (error) throw error
      return Number(count)
    },
    subscribe: sharedSubscriptions(client, async (events) =>
      'nodes' in client ? connectionOf(client, events) : connectLike(client, events),
    ),
    warnings: () => warningsOf(settings, 'nodes' in client),
  }
}

/** `mgetBuffer` and the like. (`callBuffer` loses the command's name with `enableAutoPipelining`.) */
function method(client: Commands, name: string): (...args: Argument[]) => Promise<unknown> {
  const found: unknown = Reflect.get(client, name)
  if (typeof found !== 'function') throw new TypeError(`ioredis(client): the client has no ${name}`)
  return found.bind(client) as (...args: Argument[]) => Promise<unknown>
}

/**
 * A connection of its own, which reconnects by itself, and subscribes again after that. ioredis would do so, too, but
 * leaves the rejection unhandled if the connection is closed meanwhile, which ends the host's process.
 */
async function connectLike(client: IoredisClient, events: SubscriberEvents): Promise<Subscriber> {
  const connection = client.duplicate({ lazyConnect: true, enableOfflineQueue: true, autoResubscribe: false })
  connection.on('error', () => {})
  connection.on('message', events.onMessage)
  try {
    await connection.connect()
  } catch (error) {
    connection.disconnect()
    throw error
  }
  connection.on('ready', () => {
    for (const channel of events.channels()) {
      // If it fails, the connection is lost again, and its next `ready` leads here.
      connection.subscribe(channel).then(
        () => events.onReady(channel),
        () => {},
      )
    }
  })
  return {
    subscribe: async (channel) => connection.subscribe(channel),
    unsubscribe: async (channel) => connection.unsubscribe(channel),
    close: () => connection.disconnect(),
  }
}

/** The Cluster client's subscriber connection, which the host may use as well. */
function connectionOf(client: IoredisCluster, events: SubscriberEvents): Subscriber {
  client.on('message', events.onMessage)
  return {
    subscribe: async (channel) => client.subscribe(channel),
    unsubscribe: async (channel) => client.unsubscribe(channel),
    close: () => client.off('message', events.onMessage),
  }
}

function warningsOf(settings: Settings, isCluster: boolean): string[] {
  const warnings: string[] = []
  if (settings.enableOfflineQueue !== false) {
    warnings.push(
      'enableOfflineQueue is not false: while disconnected, calls wait for their deadline instead of failing, ' +
        'and are sent after it all the same.',
    )
  }
  if (!isCluster && settings.maxRetriesPerRequest === null) {
    warnings.push('maxRetriesPerRequest is null: calls that were in flight are kept through every outage.')
  }
  if ((isCluster ? settings.clusterRetryStrategy : settings.retryStrategy) === null) {
    warnings.push('the retry strategy is null: the client never connects again after a lost connection.')
  }
  return warnings
}
