import { assertEnvironmentName, type EnvironmentStore, type TokenStore } from '@latchkey/core/store'
import { createConnection, manageDeadline } from './connection.js'
import { type DatasetContext, openDataset } from './dataset.js'
import { createKeyspace, type Keyspace } from './keyspace.js'
import { list } from './list/list.js'
import { type CheckReport, check } from './operate/check.js'
import { acceptDataset } from './operate/init.js'
import { type RebuildReport, rebuild } from './operate/rebuild.js'
import { memoryWarnings } from './operate/server.js'
import { type RedisStoreOptions, readOptions } from './options.js'
import { createFind } from './read/find.js'
import { type Changes, createChanges } from './watch/changes.js'
import { insert, remove, update } from './write/change.js'
import { purge } from './write/purge.js'
import { touch } from './write/touch.js'

/** The store, with methods for those who operate it. */
export interface RedisStore extends TokenStore {
  /**
   * Accepts the data that are in Redis now as those of the environment, whatever this process has seen before: creates a
   * key space in an empty Redis, and gives a damaged one a new data set id. Tokens that are there stay. Until restart,
   * other processes go on refusing. Run it on one process, after you have looked into what happened.
   */
  init(environment: string): Promise<{ dataset: string; created: boolean }>
  /** Compares documents with indexes, by counts and samples, and names dangerous settings. Changes nothing. */
  check(environment: string): Promise<CheckReport>
  /** Makes all indexes anew from the documents. Reads go on; writes wait, and reject with `ERR_STORE` in the end. */
  rebuild(environment: string): Promise<RebuildReport>
}

interface OpenEnvironment {
  readonly keyspace: Keyspace
  readonly changes: Changes
  readonly store: EnvironmentStore
}

/**
 * Keeps tokens in Redis (6.2 or newer) or Valkey, standalone or Cluster, on the host's own client.
 *
 * `close()` ends the store's own connections and timers; the client stays the host's.
 * Throws a `TypeError` with `ERR_OPTION` for misused options.
 *
 * @example
 * const client = createClient({ url: 'redis://127.0.0.1:6379', disableOfflineQueue: true })
 * await client.connect()
 * const latchkey = createLatchkey({ prefix: 'acme', store: redisStore({ client: nodeRedis(client) }) })
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  const settings = readOptions(options)
  const connection = createConnection(settings.client)
  const environments = new Map<string, Promise<OpenEnvironment>>()

  function datasetContext(environment: string): DatasetContext {
    connection.assertOpen()
    assertEnvironmentName(environment)
    return { connection, settings, environment, deadline: manageDeadline(settings) }
  }

  async function openOnce(environment: string): Promise<OpenEnvironment> {
    const context = datasetContext(environment)
    let opening = environments.get(environment)
    if (opening === undefined) {
      opening = openEnvironment(context)
      environments.set(environment, opening)
      opening.catch(() => environments.delete(environment))
    }
    return opening
  }

  return {
    open: async (environment) => (await openOnce(environment)).store,
    async init(environment) {
      const context = datasetContext(environment)
      const opened = await environments.get(environment)?.catch(() => undefined)
      const { dataset, created } = await acceptDataset(context, opened?.keyspace.dataset.shards.length)
      if (opened) {
        opened.keyspace.dataset = dataset
        opened.keyspace.staleness.clear()
        opened.keyspace.listeners.notify('reset')
      }
      return { dataset: dataset.id, created }
    },
    check: async (environment) => check((await openOnce(environment)).keyspace),
    rebuild: async (environment) => rebuild((await openOnce(environment)).keyspace),
    async close() {
      connection.close()
      const opened = await Promise.allSettled(environments.values())
      await Promise.all(
        opened.map(async (each) => (each.status === 'fulfilled' ? each.value.changes.close() : undefined)),
      )
    },
  }
}

async function openEnvironment(context: DatasetContext): Promise<OpenEnvironment> {
  const { settings, environment, connection } = context
  const keyspace = createKeyspace(settings, environment, connection, await openDataset(context))
  for (const warning of await memoryWarnings(keyspace)) {
    process.emitWarning(`Redis of ${keyspace.name}: ${warning}`, { code: 'LATCHKEY_REDIS' })
  }
  const changes = createChanges(keyspace)
  return { keyspace, changes, store: environmentStore(keyspace, changes) }
}

function environmentStore(keyspace: Keyspace, changes: Changes): EnvironmentStore {
  return {
    get dataset() {
      return keyspace.dataset.id
    },
    get sealingKey() {
      return keyspace.dataset.sealingKey.slice()
    },
    insert: async (record) => insert(keyspace, record),
    find: createFind(keyspace),
    update: async (id, patch, expectedVersion) => update(keyspace, id, patch, expectedVersion),
    remove: async (id, expectedVersion) => remove(keyspace, id, expectedVersion),
    list: async (query) => list(keyspace, query),
    touch: async (uses) => touch(keyspace, uses),
    purge: async (expiredBefore) => purge(keyspace, expiredBefore),
    watch: async (listener) => changes.watch(listener),
  }
}
