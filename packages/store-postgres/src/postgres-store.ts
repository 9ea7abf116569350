import { assertEnvironmentName, type EnvironmentStore, type TokenStore } from '@latchkey/core/store'
import { createDatabase } from './database.js'
import type { Environment } from './environment.js'
import { openEnvironment } from './open-environment.js'
import { type PostgresStoreOptions, readOptions } from './options.js'
import { find } from './read/find.js'
import { list } from './read/list.js'
import { schemaNamed } from './schema.js'
import { createFeed, type Feed } from './watch/feed.js'
import { createNotifier } from './watch/notify.js'
import { insert } from './write/insert.js'
import { purge } from './write/purge.js'
import { remove } from './write/remove.js'
import { touch } from './write/touch.js'
import { update } from './write/update.js'

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
  const environments = new Map<string, Promise<EnvironmentStore>>()

  async function openOnce(name: string): Promise<EnvironmentStore> {
    const environment = await openEnvironment({ database, settings, notifier }, name)
    return environmentStore(environment, feed)
  }

  return {
    async open(name) {
      database.assertOpen()
      assertEnvironmentName(name)
      let opening = environments.get(name)
      if (opening === undefined) {
        opening = openOnce(name)
        environments.set(name, opening)
        opening.catch(() => environments.delete(name))
      }
      return opening
    },
    async close() {
      database.close()
      await feed.close()
    },
  }
}

function environmentStore(environment: Environment, feed: Feed): EnvironmentStore {
  return {
    dataset: environment.dataset,
    get sealingKey() {
      return environment.sealingKey.slice()
    },
    insert: async (record) => insert(environment, record),
    find: async (id) => find(environment, id),
    update: async (id, patch, expectedVersion) => update(environment, id, patch, expectedVersion),
    remove: async (id, expectedVersion) => remove(environment, id, expectedVersion),
    list: async (query) => list(environment, query),
    touch: async (uses) => touch(environment, uses),
    purge: async (expiredBefore) => purge(environment, expiredBefore),
    watch: async (listener) => feed.watch(environment, listener),
  }
}
