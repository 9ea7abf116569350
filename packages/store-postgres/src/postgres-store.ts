import { assertEnvironmentName, type EnvironmentStore, openOnce, type TokenStore } from '@latchkey/core/store'
import { createDatabase, schemaNamed } from './database.js'
import { type Environment, openEnvironment, ping } from './environment.js'
import { find } from './find.js'
import { list } from './list.js'
import { type PostgresStoreOptions, readOptions } from './options.js'
import { createFeed, type Feed } from './watch/feed.js'
import { createNotifier } from './watch/notify.js'
import { purge, touch } from './write/bulk.js'
import { insert, remove, update } from './write/token.js'

/**
 * Keeps tokens in PostgreSQL (12 or newer), on the host's own driver. Creates its schema when it is missing; see
 * `migrate` for hosts that may not.
 *
 * `close()` ends the store's own connection and timers; the pool stays the host's.
 * Throws a `TypeError` with `ERR_OPTION` for misused options.
 *
 * @example
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, connectionTimeoutMillis: 2_000 })
 * const latchkey = createLatchkey({ prefix: 'acme', store: postgresStore({ client: nodePg(pool) }) })
 */
export function postgresStore(options: PostgresStoreOptions): TokenStore {
  const settings = readOptions(options)
  const database = createDatabase(settings.client, schemaNamed(settings.schema))
  const notifier = createNotifier(database)
  const feed = createFeed(settings.client, database)
  const openings = new Map<string, Promise<EnvironmentStore>>()
  return {
    async open(name, options) {
      database.assertOpen()
      assertEnvironmentName(name)
      return openOnce(openings, name, async () =>
        environmentStore(await openEnvironment({ database, settings, notifier }, name, options), feed),
      )
    },
    async close() {
      database.close()
      await feed.close()
    },
  }
}

function environmentStore(environment: Environment, feed: Feed): EnvironmentStore {
  /** The operation on this environment, while the store is open. */
  function bind<A extends unknown[], R>(operation: (environment: Environment, ...args: A) => Promise<R>) {
    return async (...args: A): Promise<R> => {
      environment.database.assertOpen()
      return operation(environment, ...args)
    }
  }
  return {
    dataset: environment.dataset,
    get sealingKey() {
      return environment.sealingKey.slice()
    },
    ping: bind(ping),
    insert: bind(insert),
    find: bind(find),
    update: bind(update),
    remove: bind(remove),
    list: bind(list),
    touch: bind(touch),
    purge: bind(purge),
    watch: bind(feed.watch),
  }
}
