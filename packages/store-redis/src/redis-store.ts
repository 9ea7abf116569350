import {
  assertEnvironmentName,
  type ChangeListener,
  type EnvironmentStore,
  type FindOptions,
  type OpenOptions,
  openOnce,
  type TokenStore,
} from '@latchkey/core/store'
import { createConnection, manageDeadline } from './connection.js'
import { acceptDataset, type DatasetContext, openDataset } from './dataset.js'
import { createKeyspace, type Keyspace, ping } from './keyspace.js'
import { list } from './list/list.js'
import { type CheckReport, check } from './operate/check.js'
import { type RebuildReport, rebuild } from './operate/rebuild.js'
import { databaseNumber, memoryWarnings } from './operate/server.js'
import { type RedisStoreOptions, readOptions } from './options.js'
import { createFind } from './read/documents.js'
import { createFeed, type Feed } from './watch/feed.js'
import { purge, touch } from './write/bulk.js'
import { insert, remove, update } from './write/token.js'

/** The store, with methods for those who operate it. */
export interface RedisStore extends TokenStore {
  /**
   * Accepts the data that are in Redis now as those of the environment, whatever this process has seen before: creates
   * a key space in an empty Redis, and gives a damaged one a new data set id. Tokens that are there stay. Until
   * restart, other processes go on refusing. Run it on one process, after you have looked into what happened.
   */
  init(environment: string): Promise<{ dataset: string; created: boolean }>
  /** Compares documents with indexes, by counts and samples, and names dangerous settings. Changes nothing. */
  check(environment: string): Promise<CheckReport>
  /** Makes all indexes anew from the documents. Reads go on; writes wait, and reject with `ERR_STORE` in the end. */
  rebuild(environment: string): Promise<RebuildReport>
}

interface OpenEnvironment {
  readonly keyspace: Keyspace
  readonly feed: Feed
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

  async function open(environment: string, options?: OpenOptions): Promise<OpenEnvironment> {
    const context = datasetContext(environment)
    return openOnce(environments, environment, async () => openEnvironment(context, options))
  }

  return {
    open: async (environment, asked) => (await open(environment, asked)).store,
    async init(environment) {
      const context = datasetContext(environment)
      const opened = await environments.get(environment)?.catch(() => undefined)
      const { dataset, created } = await acceptDataset(context, opened?.keyspace.dataset.shards.length)
      if (opened) {
        opened.keyspace.dataset = dataset
        opened.keyspace.rollbackGuard.clear()
        opened.keyspace.listeners.notify('reset')
      }
      return { dataset: dataset.id, created }
    },
    check: async (environment) => check((await open(environment, { create: false })).keyspace),
    rebuild: async (environment) => rebuild((await open(environment, { create: false })).keyspace),
    async close() {
      connection.close()
      const opened = await Promise.allSettled(environments.values())
      await Promise.all(opened.map(async (each) => (each.status === 'fulfilled' ? each.value.feed.close() : undefined)))
    },
  }
}

async function openEnvironment(context: DatasetContext, options?: OpenOptions): Promise<OpenEnvironment> {
  const { settings, connection } = context
  const dataset = await openDataset(context, options)
  const keyspace = createKeyspace(context, dataset, await databaseNumber(connection, settings))
  for (const warning of await memoryWarnings(keyspace)) {
    process.emitWarning(`Redis of ${keyspace.name}: ${warning}`, { code: 'LATCHKEY_REDIS' })
  }
  const feed = createFeed(keyspace)
  return { keyspace, feed, store: environmentStore(keyspace, feed) }
}

function environmentStore(keyspace: Keyspace, feed: Feed): EnvironmentStore {
  /** The operation on this key space, while the store is open. */
  function bind<A extends unknown[], R>(operation: (keyspace: Keyspace, ...args: A) => Promise<R>) {
    return async (...args: A): Promise<R> => {
      keyspace.connection.assertOpen()
      return operation(keyspace, ...args)
    }
  }
  const find = createFind(keyspace)
  return {
    get dataset() {
      return keyspace.dataset.id
    },
    get sealingKey() {
      return keyspace.dataset.sealingKey.slice()
    },
    ping: bind(ping),
    insert: bind(insert),
    find: bind(async (_keyspace, id: string, options?: FindOptions) => find(id, options)),
    update: bind(update),
    remove: bind(remove),
    list: bind(list),
    touch: bind(touch),
    purge: bind(purge),
    watch: bind(async (_keyspace, listener: ChangeListener) => feed.watch(listener)),
  }
}
