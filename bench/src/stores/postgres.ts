import { nodePg, postgresStore } from '@latchkey/store-postgres'
import { startPostgres } from '@latchkey/test-servers'
import pg from 'pg'
import { closingWith, type StoreKind } from './store-kind.js'

const SCHEMA = 'latchkey_bench'
/** As in a usual installation. The default of a server of the tests is smaller, and so are its segments. */
const SETTINGS = { max_wal_size: '1GB' }

/** `path` is the URL of a database, which keeps the tokens in a schema of their own. */
export const postgres: StoreKind = {
  async open(path) {
    const server = path === undefined ? await startPostgres({ fsync: true, settings: SETTINGS }) : undefined
    const address = server?.url ?? `postgres:${path?.slice(path.indexOf(':') + 1)}`
    const pool = new pg.Pool({ connectionString: address })
    const value = async (text: string) =>
      Object.values((await pool.query<Record<string, unknown>>(text)).rows[0] ?? {})[0]
    return {
      address,
      filled: (await value(`select to_regclass('${SCHEMA}.token') is not null`)) === true,
      // As autovacuum does within minutes.
      settle: () => pool.query(`vacuum (analyze) ${SCHEMA}.token`),
      size: async () => Number(await value(`select pg_total_relation_size('${SCHEMA}.token')`)),
      logPosition: async () => Number(await value(`select pg_current_wal_insert_lsn() - '0/0'`)),
      checkpoint: () => pool.query('checkpoint'),
      killListeners: async () =>
        Number(
          await value(`select count(pg_terminate_backend(pid)) from pg_stat_activity where query like 'listen %'`),
        ),
      async stop() {
        await pool.end()
        await server?.stop()
      },
    }
  },
  connect(address, options) {
    const pool = new pg.Pool({ connectionString: address, connectionTimeoutMillis: 2_000 })
    return closingWith(postgresStore({ client: nodePg(pool), schema: SCHEMA, ...options }), () => pool.end())
  },
}
