import type { RedisStore } from '@latchkey/store-redis'
import type { Server } from './server.js'
import { unusable } from './unusable.js'
import { assertUrl } from './url.js'

export interface OpenRedis {
  readonly store: RedisStore
  readonly server: Server
  close(): Promise<void>
}

/** Fails at once if the server cannot be reached, or refuses the password. */
export async function openRedis(url: string): Promise<OpenRedis> {
  assertUrl(url)
  const [{ createClient }, { nodeRedis, redisStore }] = await Promise.all([
    import('redis'),
    import('@latchkey/store-redis'),
  ])
  let isConnected = false
  const reconnectStrategy = (_attempts: number, cause: Error) => (isConnected ? 100 : cause)
  // As redis-cli does, so that no other user of the machine sees the password in a URL.
  const { REDISCLI_AUTH: password } = process.env
  const credentials = new URL(url).password === '' && password !== undefined ? { password } : {}
  const client = createClient({ url, ...credentials, disableOfflineQueue: true, socket: { reconnectStrategy } })
  // Each call rejects by itself.
  client.on('error', () => undefined)
  await client.connect().catch((error: Error) => {
    // A server that refuses the password keeps the connection open.
    if (client.isOpen) client.destroy()
    throw unusable('Redis', url, error, 'REDISCLI_AUTH')
  })
  isConnected = true
  const store = redisStore({ client: nodeRedis(client) })
  const info = async (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(await client.info())?.[1] ?? ''
  return {
    store,
    server: {
      version: async () => `Redis ${await info('redis_version')}`,
      isReplica: async () => (await info('role')) === 'slave',
      async time() {
        const [seconds = 0, micros = 0] = (await client.sendCommand<string[]>(['TIME'])).map(Number)
        return 1_000 * seconds + micros / 1_000
      },
    },
    async close() {
      await store.close()
      client.destroy()
    },
  }
}
