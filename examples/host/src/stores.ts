import { memoryStore, type TokenStore } from '@latchkey/core'

/** Loads and opens the store that `--store` names. The message of an error is meant for the user. */
export async function openStore(name: string): Promise<TokenStore> {
  if (name === 'memory') return memoryStore()
  if (name.startsWith('sqlite:')) return sqlite(name.slice('sqlite:'.length))
  if (/^rediss?:\/\//.test(name)) return redis(name)
  throw new Error(`--store must be memory, sqlite:<file> or redis://<host>, not ${name}.`)
}

async function sqlite(path: string): Promise<TokenStore> {
  const { sqliteStore } = await import('@latchkey/store-sqlite')
  return sqliteStore({ path })
}

/** Fails if the first connection fails. Later the client reconnects by itself. */
async function redis(url: string): Promise<TokenStore> {
  const [{ createClient }, { nodeRedis, redisStore }] = await Promise.all([
    import('redis'),
    import('@latchkey/store-redis'),
  ])
  let connected = false
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: (attempts, cause) => (connected ? Math.min(20 * attempts, 250) : cause) },
  })
  client.on('error', (error: Error) => {
    if (connected) process.stderr.write(`redis: ${error.message}\n`)
  })
  await client.connect().catch((error: Error) => {
    throw new Error(`The Redis of --store cannot be reached: ${error.message}`)
  })
  connected = true
  const store = redisStore({ client: nodeRedis(client) })
  return {
    open: (environment) => store.open(environment),
    async close() {
      await store.close()
      client.destroy()
    },
  }
}
