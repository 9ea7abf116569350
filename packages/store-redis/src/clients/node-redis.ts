import type { Argument, RedisClient } from './client.js'

/** node-redis hands out strings here; its types do not always say so. */
type Listener = (message: string | Buffer) => void

interface CommandOptions {
  /** RESP type to JavaScript type; 36 is `$`, the bulk string. */
  typeMapping: { 36: BufferConstructor }
  timeout: number
}

/** The part of a node-redis 6 client that is used. */
export interface NodeRedisClient {
  sendCommand(args: Argument[], options?: CommandOptions): Promise<unknown>
  duplicate(): NodeRedisSubscriber
  readonly options?: object | undefined
}

interface NodeRedisSubscriber {
  connect(): Promise<unknown>
  subscribe(channel: string, listener: Listener): Promise<unknown>
  destroy(): void
  on(event: 'error' | 'ready', listener: () => void): unknown
}

/** The part of a node-redis 6 Cluster client that is used. */
export interface NodeRedisCluster {
  sendCommand(
    key: string,
    isReadonly: boolean | undefined,
    args: Argument[],
    options?: CommandOptions,
  ): Promise<unknown>
  subscribe(channel: string, listener: Listener): Promise<unknown>
  unsubscribe(channel: string, listener: Listener): Promise<unknown>
  readonly slots: unknown
}

/**
 * A client for the store, on the host's own, connected node-redis 6 client (`createClient` or `createCluster`). The store
 * neither connects nor closes it. To hear of changes, it opens one more connection like it (in a Cluster: it uses the
 * client's own connection for pub/sub).
 *
 * @example
 * const client = createClient({ url: 'redis://127.0.0.1:6379', disableOfflineQueue: true })
 * client.on('error', (error) => console.error(error.message))
 * await client.connect()
 * const store = redisStore({ client: nodeRedis(client) })
 */
export function nodeRedis(client: NodeRedisClient | NodeRedisCluster): RedisClient {
  return 'slots' in client ? cluster(client) : standalone(client)
}

function standalone(client: NodeRedisClient): RedisClient {
  return {
    cluster: false,
    command: async (_key, args, timeout) => client.sendCommand([...args], options(timeout)),
    wait: async (_key, replicas, timeout) =>
      Number(await client.sendCommand(['WAIT', String(replicas), String(timeout)], options(timeout))),
    async subscribe(channel, onMessage, onReady) {
      const subscriber = client.duplicate()
      // Without a listener, an error of the connection would end the process. It reconnects by itself.
      subscriber.on('error', () => {})
      try {
        await subscriber.connect()
        await subscriber.subscribe(channel, (message) => onMessage(String(message)))
      } catch (error) {
        subscriber.destroy()
        throw error
      }
      subscriber.on('ready', onReady)
      return async () => subscriber.destroy()
    },
    warnings: () => warningsOf(client.options ?? {}),
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
    async subscribe(channel, onMessage) {
      // A listener of our own, so that it alone is unsubscribed.
      const listener: Listener = (message) => onMessage(String(message))
      await client.subscribe(channel, listener)
      return async () => void (await client.unsubscribe(channel, listener))
    },
    warnings: () => [],
  }
}

function options(timeout: number): CommandOptions {
  return { typeMapping: { 36: Buffer }, timeout: Math.ceil(timeout) }
}

function warningsOf(given: object): string[] {
  const { disableOfflineQueue, socket } = given as {
    disableOfflineQueue?: boolean
    socket?: { reconnectStrategy?: unknown }
  }
  const warnings: string[] = []
  if (disableOfflineQueue !== true) {
    warnings.push(
      'disableOfflineQueue is not set: while disconnected, calls wait for their deadline instead of failing.',
    )
  }
  if (socket?.reconnectStrategy === false) {
    warnings.push('socket.reconnectStrategy is false: the client never connects again after a lost connection.')
  }
  return warnings
}
