import { hmacSha256, type TokenStore } from '@latchkey/core'
import { nodeRedis, redisStore } from '@latchkey/store-redis'
import { sqliteStore } from '@latchkey/store-sqlite'
import { createClient } from 'redis'

/** Which data a node works on. `name`: what its connections are called in Redis. */
export type Where = { readonly redis: number; readonly name: string } | { readonly sqlite: string }

/** Cheap, so that thousands of tokens may be made and verified for the first time. */
export const HASHER = hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })

/** A connection of its own; `close` ends it. */
export async function connectStore(where: Where): Promise<TokenStore> {
  if ('sqlite' in where) return sqliteStore({ path: where.sqlite })
  const client = createClient({
    socket: { host: '127.0.0.1', port: where.redis, reconnectStrategy: (attempts) => Math.min(20 * attempts, 250) },
    name: where.name,
    disableOfflineQueue: true,
  })
  // It reconnects by itself; without a listener an error would end the process.
  client.on('error', () => {})
  await client.connect()
  const store = redisStore({ client: nodeRedis(client) })
  return {
    open: (environment) => store.open(environment),
    async close() {
      await store.close()
      client.destroy()
    },
  }
}
