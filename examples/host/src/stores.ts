import { memoryStore, type TokenStore } from '@latchkey/core'

/** Loads and opens the store that `--store` names. The message of an error is meant for the user. */
export async function openStore(name: string): Promise<TokenStore> {
  if (name === 'memory') return memoryStore()
  if (name.startsWith('sqlite:')) return sqlite(name.slice('sqlite:'.length))
  if (/^rediss?:\/\//.test(name)) return redis(name)
  if (/^postgres(?:ql)?:\/\//.test(name)) return postgres(name)
  throw new Error(`--store must be memory, sqlite:<file>, redis://<host> or postgres://<host>, not ${name}.`)
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
    open: (environment, options) => store.open(environment, options),
    async close() {
      await store.close()
      client.destroy()
    },
  }
}

/** A first connection that fails ends the start; later ones come back by themselves, when they are needed. */
async function postgres(url: string): Promise<TokenStore> {
  const [{ default: pg }, { nodePg, postgresStore }] = await Promise.all([
    import('pg'),
    import('@latchkey/store-postgres'),
  ])
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 2_000 })
  const store = postgresStore({ client: nodePg(pool) })
  await pool.query('select 1').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The PostgreSQL of --store cannot be reached: ${error.message || error.code}`)
  })
  return {
    open: (environment, options) => store.open(environment, options),
    async close() {
      await store.close()
      await pool.end()
    },
  }
}
