import { memoryStore, type TokenStore } from '@latchkey/core'
import { nodeRedis, redisStore } from '@latchkey/store-redis'
import { sqliteStore } from '@latchkey/store-sqlite'
import { createClient } from 'redis'

/** Opens what `NodeSettings.store` names. */
export async function openStore(name: string): Promise<TokenStore> {
  const [kind, place = ''] = name.split(/:(.*)/s)
  if (kind === 'sqlite') return sqliteStore({ path: place })
  if (kind === 'redis') return redis(Number(place))
  return memoryStore()
}

async function redis(port: number): Promise<TokenStore> {
  const client = createClient({
    disableOfflineQueue: true,
    socket: { host: '127.0.0.1', port, reconnectStrategy: (attempts) => Math.min(20 * attempts, 250) },
  })
  // Every call that fails says so itself.
  client.on('error', () => undefined)
  // A node may be started while the server is away: it connects when the server is back.
  client.connect().catch(() => undefined)
  return redisStore({ client: nodeRedis(client) })
}
