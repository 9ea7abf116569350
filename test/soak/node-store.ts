import { memoryStore, type TokenStore } from '@latchkey/core'
import { nodePg, postgresStore } from '@latchkey/store-postgres'
import { nodeRedis, redisStore } from '@latchkey/store-redis'
import { sqliteStore } from '@latchkey/store-sqlite'
import { tokenRecord } from '@latchkey/testkit'
import pg from 'pg'
import { createClient } from 'redis'

/** Opens what `NodeSettings.store` names. A node may be started while the server is away. */
export function openStore(name: string): TokenStore {
  const [kind, place = ''] = name.split(/:(.*)/s)
  if (kind === 'sqlite') return sqliteStore({ path: place })
  if (kind === 'redis') return redis(Number(place))
  if (kind === 'postgres') return postgres(place)
  return memoryStore()
}

function redis(port: number): TokenStore {
  const client = createClient({
    disableOfflineQueue: true,
    socket: { host: '127.0.0.1', port, reconnectStrategy: (attempts) => Math.min(20 * attempts, 250) },
  })
  // Every call that fails says so itself.
  client.on('error', () => undefined)
  // It connects when the server is back.
  client.connect().catch(() => undefined)
  return redisStore({ client: nodeRedis(client) })
}

function postgres(url: string): TokenStore {
  return postgresStore({ client: nodePg(new pg.Pool({ connectionString: url, connectionTimeoutMillis: 2_000 })) })
}

const AT_ONCE = 100
/** A page of a thousand such tokens is longer than what the buffers of a connection take in. */
const METADATA = { note: 'x'.repeat(4_000) }

/** Stores so many tokens that nobody holds. */
export async function fill(store: TokenStore, count: number): Promise<void> {
  const environment = await store.open('default')
  for (let from = 0; from < count; from += AT_ONCE) {
    const records = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) =>
      tokenRecord({ name: `row ${from + i}`, owner: 'nobody', metadata: METADATA }),
    )
    await Promise.all(records.map((record) => environment.insert(record)))
  }
}
