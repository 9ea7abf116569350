import { type Argument, assertMethods, type RedisClient } from './client.js'
import { type Subscriber, type SubscriberEvents, sharedSubscriptions } from './subscriptions.js'

/** node-redis hands out strings here; its types do not always say so. */
type Listener = (message: string | Buffer, channel: string | Buffer) => void

interface CommandOptions {
  /** RESP type to JavaScript type; 36 is `$`, the bulk string. */
  typeMapping: { 36: BufferConstructor }
  timeout: number
}

/** The part of a client of redis 5 or 6 that is used. */
export interface NodeRedisClient {
  sendCommand(args: Argument[], options?: CommandOptions): Promise<unknown>
  duplicate(): NodeRedisSubscriber
  subscribe(channel: string, listener: Listener): Promise<unknown>
  destroy(): void
  readonly options?: object | undefined
}

interface NodeRedisSubscriber {
  connect(): Promise<unknown>
  subscribe(channel: string, listener: Listener): Promise<unknown>
  unsubscribe(channel: string, listener: Listener): Promise<unknown>
  destroy(): void
  on(event: 'error' | 'ready', listener: () => void): unknown
}

/** The part of a Cluster client of redis 5 or 6 that is used. */
export interface NodeRedisCluster {
  sendCommand(
    key: string,
    isReadonly: boolean | undefined,
    args: Argument[],
    options?: CommandOptions,
  ): Promise<unknown>
  subscribe(channel: string, listener: Listener): Promise<unknown>
  unsubscribe(channel: string, listener: Listener): Promise<unknown>
  destroy(): void
  readonly slots: unknown
  /** What `createCluster` was given: it has no `options` as `createClient` does. */
  readonly _options?: { readonly defaults?: object | undefined } | undefined
}

/**
 * A client for the store, on the host's own, connected client of redis 5 or 6 (`createClient` or `createCluster`). The
 * store neither connects nor closes it. To hear of changes, it opens one more connection like it (in a Cluster: it uses
 * the client's own connection for pub/sub).
 *
 * Throws a `TypeError` for what is no such client: one of `createClientPool`, `createSentinel` or redis 4.
 *
 * @example
 * const client = createClient({ url: 'redis://127.0.0.1:6379', disableOfflineQueue: true })
 * client.on('error', (error) => console.error(error.message))
 * await client.connect()
 * const store = redisStore({ client: nodeRedis(client) })
 */
export function nodeRedis(client: NodeRedisClient | NodeRedisCluster): RedisClient {
  const hint = ' Pass one of createClient() or createCluster(), which can subscribe, of redis 5 or newer.'
  // redis 4 has no destroy().
  assertMethods('nodeRedis(client)', client, ['sendCommand', 'subscribe', 'destroy'], hint)
  // A Sentinel's `sendCommand` takes other arguments.
  if ('acquire' in client) throw new TypeError(`nodeRedis(client): createSentinel() is not supported.${hint}`)
  return 'slots' in client ? cluster(client) : standalone(client)
}

function standalone(client: NodeRedisClient): RedisClient {
  return {
    cluster: false,
    command: async (_key, args, timeout) => client.sendCommand([...args], options(timeout)),
    wait: async (_key, replicas, timeout) =>
      Number(await client.sendCommand(['WAIT', String(replicas), String(timeout)], options(timeout))),
    subscribe: sharedSubscriptions(client, async (events) => connectLike(client, events)),
    warnings: () => warningsOf(client.options ?? {}),
  }
}

async function connectLike(client: NodeRedisClient, events: SubscriberEvents): Promise<Subscriber> {
  const connection = client.duplicate()
  // Without a listener, an error of the connection would end the process. It reconnects and subscribes again by itself.
  connection.on('error', () => {})
  try {
    await connection.connect()
  } catch (error) {
    connection.destroy()
    throw error
  }
  connection.on('ready', () => {
    for (const channel of events.channels()) events.onReady(channel)
  })
  const listener: Listener = (message, channel) => events.onMessage(String(channel), String(message))
  return {
    subscribe: async (channel) => connection.subscribe(channel, listener),
    unsubscribe: async (channel) => connection.unsubscribe(channel, listener),
    close: () => connection.destroy(),
  }
}

function cluster(client: NodeRedisCluster): RedisClient {
  // `false` for isReadonly: never a replica.
  return {
    cluster: true,
    command: async (key, args, timeout) => client.sendCommand(key, false, [...args], options(timeout)),
    // node-redis asks every master and answers with the smallest number.
    wait: async (key, replicas, timeout) =>
      Number(await client.sendCommand(key, false, ['WAIT', String(replicas), String(timeout)], options(timeout))),
    subscribe: sharedSubscriptions(client, async ({ onMessage }) => {
      const listener: Listener = (message, channel) => onMessage(String(channel), String(message))
      return {
        subscribe: async (channel) => client.subscribe(channel, listener),
        unsubscribe: async (channel) => client.unsubscribe(channel, listener),
        close: () => {},
      }
    }),
    warnings: () => warningsOf(client._options?.defaults ?? {}, 'defaults.'),
  }
}

function options(timeout: number): CommandOptions {
  return { typeMapping: { 36: Buffer }, timeout: Math.ceil(timeout) }
}

/** `path`: where the host wrote these settings. */
function warningsOf(given: object, path = ''): string[] {
  const { disableOfflineQueue, socket } = given as {
    disableOfflineQueue?: boolean
    socket?: { reconnectStrategy?: unknown }
  }
  const warnings: string[] = []
  if (disableOfflineQueue !== true) {
    warnings.push(
      `${path}disableOfflineQueue is not set: while disconnected, calls wait for their deadline instead of failing.`,
    )
  }
  if (socket?.reconnectStrategy === false) {
    warnings.push(`${path}socket.reconnectStrategy is false: the client never connects again after a lost connection.`)
  }
  return warnings
}
