import { StoreError, type TokenStore } from '@latchkey/core'

/** A store whose connection can be cut. */
export interface FaultyStore extends TokenStore {
  /** While cut, every call rejects. */
  cut(on: boolean): void
  /** The next so many updates lose a race. */
  loseRaces(count: number): void
}

export function faultyStore(store: TokenStore): FaultyStore {
  let isCut = false
  let races = 0

  function over<T>(call: () => Promise<T>): Promise<T> {
    return isCut ? Promise.reject(new Error('connect ECONNREFUSED')) : call()
  }

  return {
    async open(environment) {
      const opened = await over(() => store.open(environment))
      return {
        ...opened,
        insert: (record) => over(() => opened.insert(record)),
        find: (id) => over(() => opened.find(id)),
        update: (id, patch, version) =>
          over(async () => {
            if (races === 0) return opened.update(id, patch, version)
            races--
            throw new StoreError('ERR_CONFLICT', 'The record has changed meanwhile.')
          }),
        remove: (id, version) => over(() => opened.remove(id, version)),
        list: (query) => over(() => opened.list(query)),
        touch: (uses) => over(() => opened.touch(uses)),
        purge: (expiredBefore) => over(() => opened.purge(expiredBefore)),
        watch: (listener) => over(() => opened.watch(listener)),
      }
    },
    close: () => store.close(),
    cut(on) {
      isCut = on
    },
    loseRaces(count) {
      races = count
    },
  }
}
