import type { TokenStore } from '@latchkey/core'
import type { Server } from './server.js'
import { unusable } from './unusable.js'
import { assertUrl } from './url.js'

export interface OpenPostgres {
  readonly store: TokenStore
  readonly server: Server
  /** Creates the tables, or brings them up to date. */
  migrate(schema: string | undefined): Promise<void>
  close(): Promise<void>
}

/** Fails at once if the server cannot be reached, or refuses the password. */
export async function openPostgres(url: string): Promise<OpenPostgres> {
  assertUrl(url)
  const [{ Pool }, { migrate, nodePg, postgresStore }] = await Promise.all([
    import('pg'),
    import('@latchkey/store-postgres'),
  ])
  const pool = new Pool({ connectionString: url, connectionTimeoutMillis: 2_000 })
  // Each call rejects by itself.
  pool.on('error', () => undefined)
  const value = async (text: string) => Object.values<unknown>((await pool.query(text)).rows[0] ?? {})[0]
  await value('select 1').catch(async (error: NodeJS.ErrnoException) => {
    await pool.end()
    throw unusable('PostgreSQL', url, error, 'PGPASSWORD')
  })
  const client = nodePg(pool)
  const store = postgresStore({ client })
  return {
    store,
    server: {
      version: async () => `PostgreSQL ${await value('show server_version')}`,
      isReplica: async () => (await value('select pg_is_in_recovery()')) === true,
      time: async () => Number(await value('select extract(epoch from clock_timestamp()) * 1000')),
    },
    migrate: (schema) => migrate(client, { schema }),
    async close() {
      await store.close()
      await pool.end()
    },
  }
}
