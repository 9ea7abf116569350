import type { EnvironmentStore, TokenStore } from '@latchkey/core/store'
import { type Changes, createChanges } from './changes.js'
import { type CheckReport, check, memoryWarnings } from './check.js'
import { find } from './find.js'
import { createLink } from './link.js'
import { list } from './list/list.js'
import { adoptMeta, openMeta } from './meta.js'
import { assertEnvironment, type RedisStoreOptions, readOptions } from './options.js'
import { purge } from './purge.js'
import { type RebuildReport, rebuild } from './rebuild.js'
import { createSpace, manageDeadline, reset, type Space } from './space.js'
import { touch } from './touch.js'
import { insert, remove, update } from './write.js'

/** The store, with what its operators need. */
export interface RedisStore extends TokenStore {
  /**
   * Accepts the data that are in Redis now as those of the environment, whatever this process has seen before: makes a
   * new key space in an empty Redis, and gives a damaged one a new data set id. Tokens that are there stay. Until
   * restart, other processes go on refusing. Run it on one process, after looking into what happened.
   */
  init(environment: string): Promise<{ dataset: string; created: boolean }>
  /** Compares documents with indexes, by counts and samples, and names dangerous settings. Changes nothing. */
  check(environment: string): Promise<CheckReport>
  /** Makes all indexes anew from the documents. Reads go on; writes wait, and reject with `ERR_STORE` in the end. */
  rebuild(environment: string): Promise<RebuildReport>
}

interface OpenEnvironment {
  readonly space: Space
  readonly changes: Changes
  readonly store: EnvironmentStore
}

/**
 * Keeps tokens in Redis (6.2 or newer) or Valkey, standalone or Cluster, on the host's own client.
 *
 * `close()` ends the store's own connections and timers; the client stays the host's.
 * Throws a `TypeError` with `ERR_OPTION` for misused options.
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  const settings = readOptions(options)
  const link = createLink(settings.client)
  const environments = new Map<string, Promise<OpenEnvironment>>()

  async function openOnce(environment: string): Promise<OpenEnvironment> {
    link.assertOpen()
    assertEnvironment(environment)
    let opening = environments.get(environment)
    if (opening === undefined) {
      opening = openEnvironment(environment)
      environments.set(environment, opening)
      opening.catch(() => environments.delete(environment))
    }
    return opening
  }

  async function openEnvironment(environment: string): Promise<OpenEnvironment> {
    const identity = await openMeta(link, settings, environment, manageDeadline({ settings }))
    const space = createSpace(settings, environment, link, identity)
    const changes = createChanges(space)
    for (const warning of await memoryWarnings(space)) {
      process.emitWarning(`Redis of ${settings.prefix}:${environment}: ${warning}`, { code: 'LATCHKEY_REDIS' })
    }
    return { space, changes, store: environmentStore(space, changes) }
  }

  return {
    open: async (environment) => (await openOnce(environment)).store,
    async init(environment) {
      link.assertOpen()
      assertEnvironment(environment)
      const opened = await environments.get(environment)?.catch(() => undefined)
      const known = opened?.space.identity.shards.length
      const deadline = manageDeadline({ settings })
      const { identity, created } = await adoptMeta(link, settings, environment, known, deadline)
      if (opened) {
        opened.space.identity = identity
        opened.space.witness.clear()
        reset(opened.space)
      }
      return { dataset: identity.dataset, created }
    },
    check: async (environment) => check((await openOnce(environment)).space),
    rebuild: async (environment) => rebuild((await openOnce(environment)).space),
    async close() {
      link.close()
      const opened = await Promise.allSettled(environments.values())
      await Promise.all(
        opened.map(async (each) => (each.status === 'fulfilled' ? each.value.changes.close() : undefined)),
      )
    },
  }
}

function environmentStore(space: Space, changes: Changes): EnvironmentStore {
  return {
    get dataset() {
      return space.identity.dataset
    },
    get sealingKey() {
      return space.identity.sealingKey.slice()
    },
    insert: async (record) => insert(space, record),
    find: async (id) => find(space, id),
    update: async (id, patch, expectedVersion) => update(space, id, patch, expectedVersion),
    remove: async (id, expectedVersion) => remove(space, id, expectedVersion),
    list: async (query) => list(space, query),
    touch: async (uses) => touch(space, uses),
    purge: async (expiredBefore) => purge(space, expiredBefore),
    watch: async (listener) => changes.watch(listener),
  }
}
