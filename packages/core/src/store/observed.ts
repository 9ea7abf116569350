import { isConflict, LatchkeyError, StoreError } from '../errors.js'
import { hasSubscribers, publish } from '../events.js'
import type { TokenRecord } from '../types.js'
import type { EnvironmentStore, ListPage } from './token-store.js'

/**
 * The same store, which publishes the duration of its calls and their failures. Whatever it throws becomes a
 * `StoreError`. A conflict (`ERR_CONFLICT`) is an answer, not a failure.
 */
export function observedStore(store: EnvironmentStore, environment: string): EnvironmentStore {
  async function observe<T>(operation: string, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const started = hasSubscribers('store-call') ? performance.now() : undefined
    try {
      return await call()
    } catch (error) {
      // Nobody waits for it: whatever happened is no failure of the store.
      signal?.throwIfAborted()
      throw isConflict(error) ? error : storeFailure(environment, operation, error)
    } finally {
      if (started !== undefined) {
        publish('store-call', { environment, operation, duration: performance.now() - started })
      }
    }
  }

  function* observeRecords({ records, damaged = [] }: ListPage): Generator<TokenRecord> {
    try {
      yield* records
    } catch (error) {
      throw storeFailure(environment, 'list', error)
    }
    for (const error of damaged) storeFailure(environment, 'list', error)
  }

  return {
    dataset: store.dataset,
    sealingKey: store.sealingKey,
    ping: () => observe('ping', () => store.ping()),
    insert: (record) => observe('insert', () => store.insert(record)),
    find: (id, options) => observe('find', () => store.find(id, options)),
    update: (id, patch, version) => observe('update', () => store.update(id, patch, version)),
    remove: (id, version) => observe('remove', () => store.remove(id, version)),
    list: (query, options) => {
      const read = async () => {
        const page = await store.list(query, options)
        return { ...page, records: observeRecords(page) }
      }
      return observe('list', read, options?.signal)
    },
    touch: (uses) => observe('touch', () => store.touch(uses)),
    purge: (expiredBefore) => observe('purge', () => store.purge(expiredBefore)),
    watch: (listener) => observe('watch', () => store.watch(listener)),
  }
}

/** Publishes a failure and returns the error to throw: `error` itself if it is Latchkey's, else a `StoreError`. */
export function storeFailure(environment: string, operation: string, error: unknown): LatchkeyError {
  publish('store-error', { environment, operation, error })
  if (error instanceof LatchkeyError) return error
  return new StoreError('ERR_STORE', `The token store failed to ${operation}`, { cause: error })
}
