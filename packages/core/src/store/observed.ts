import { isConflict, LatchkeyError, StoreError } from '../errors.js'
import { observed, publish } from '../events.js'
import type { EnvironmentStore } from './token-store.js'

/**
 * The same store, with its calls timed and its failures made `StoreError`s, and both published. Lost preconditions (`ERR_CONFLICT`) are answers,
 * not failures.
 */
export function observedStore(store: EnvironmentStore, environment: string): EnvironmentStore {
  async function attempt<T>(operation: string, call: () => Promise<T>): Promise<T> {
    const started = observed('store-call') ? performance.now() : undefined
    try {
      return await call()
    } catch (error) {
      throw isConflict(error) ? error : storeFailure(environment, operation, error)
    } finally {
      if (started !== undefined) {
        publish('store-call', { environment, operation, duration: performance.now() - started })
      }
    }
  }
  function* attemptAll<T>(records: Iterable<T>): Generator<T> {
    try {
      yield* records
    } catch (error) {
      throw storeFailure(environment, 'list', error)
    }
  }
  return {
    dataset: store.dataset,
    sealingKey: store.sealingKey,
    insert: (record) => attempt('insert', () => store.insert(record)),
    find: (id) => attempt('find', () => store.find(id)),
    update: (id, patch, version) => attempt('update', () => store.update(id, patch, version)),
    remove: (id, version) => attempt('remove', () => store.remove(id, version)),
    list: (query) =>
      attempt('list', async () => {
        const page = await store.list(query)
        return { ...page, records: attemptAll(page.records) }
      }),
    touch: (uses) => attempt('touch', () => store.touch(uses)),
    purge: (expiredBefore) => attempt('purge', () => store.purge(expiredBefore)),
    watch: (listener) => attempt('watch', () => store.watch(listener)),
  }
}

/** Publishes a failure, and makes a `StoreError` of whatever a store threw. */
export function storeFailure(environment: string, operation: string, error: unknown): LatchkeyError {
  publish('store-error', { environment, operation, error })
  if (error instanceof LatchkeyError) return error
  return new StoreError('ERR_STORE', `The token store failed to ${operation}`, { cause: error })
}
