import { StoreError, type TokenStore } from '@latchkey/core'
import type { EnvironmentStore } from '@latchkey/core/store'

/** A real store whose line can be cut. */
export interface FaultyStore {
  readonly store: TokenStore
  /** From now on every call rejects, or no longer. */
  cut(on: boolean): void
  /** The next so many updates lose a race. */
  loseRaces(count: number): void
}

export function faultyStore(store: TokenStore): FaultyStore {
  let broken = false
  let races = 0

  function line<T>(call: () => Promise<T>): Promise<T> {
    return broken ? Promise.reject(new Error('connect ECONNREFUSED')) : call()
  }

  async function open(environment: string): Promise<EnvironmentStore> {
    const opened = await line(() => store.open(environment))
    return {
      dataset: opened.dataset,
      sealingKey: opened.sealingKey,
      insert: (record) => line(() => opened.insert(record)),
      find: (id) => line(() => opened.find(id)),
      update: (id, patch, version) =>
        line(async () => {
          if (races === 0) return opened.update(id, patch, version)
          races--
          throw new StoreError('ERR_CONFLICT', 'changed meanwhile')
        }),
      remove: (id, version) => line(() => opened.remove(id, version)),
      list: (query) => line(() => opened.list(query)),
      touch: (uses) => line(() => opened.touch(uses)),
      purge: (expiredBefore) => line(() => opened.purge(expiredBefore)),
      watch: (listener) => line(() => opened.watch(listener)),
    }
  }

  return {
    store: { open, close: () => store.close() },
    cut(on) {
      broken = on
    },
    loseRaces(count) {
      races = count
    },
  }
}
