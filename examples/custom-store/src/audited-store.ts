import type { TokenStore } from '@latchkey/core'

export interface AuditEntry {
  readonly environment: string
  readonly operation: 'insert' | 'update' | 'remove' | 'purge'
  readonly id?: string
  /** The members that an update changed; their values may be hashes, so they are left out. */
  readonly members?: readonly string[]
  /** How many tokens a purge removed. */
  readonly count?: number
}

/** A store that keeps its tokens in another one, and tells of every write that was acknowledged. */
export function auditedStore(store: TokenStore, write: (entry: AuditEntry) => void): TokenStore {
  return {
    async open(environment) {
      const inner = await store.open(environment)
      return {
        dataset: inner.dataset,
        sealingKey: inner.sealingKey,
        async insert(record) {
          await inner.insert(record)
          write({ environment, operation: 'insert', id: record.id })
        },
        find: (id) => inner.find(id),
        async update(id, patch, expectedVersion) {
          const record = await inner.update(id, patch, expectedVersion)
          if (record !== undefined) write({ environment, operation: 'update', id, members: Object.keys(patch) })
          return record
        },
        async remove(id, expectedVersion) {
          const removed = await inner.remove(id, expectedVersion)
          if (removed) write({ environment, operation: 'remove', id })
          return removed
        },
        list: (query) => inner.list(query),
        touch: (uses) => inner.touch(uses),
        async purge(expiredBefore) {
          const count = await inner.purge(expiredBefore)
          if (count > 0) write({ environment, operation: 'purge', count })
          return count
        },
        watch: (listener) => inner.watch(listener),
      }
    },
    close: () => store.close(),
  }
}
