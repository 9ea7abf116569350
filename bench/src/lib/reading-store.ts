import { memoryStore, type TokenStore } from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'

/**
 * The memory store, except that what it finds comes as from a database: every text in it is a new one, which the cache
 * then has for itself.
 */
export function readingStore(): TokenStore {
  const store = memoryStore()
  return {
    async open(environment) {
      const inner = await store.open(environment)
      return {
        ...inner,
        insert: (record) => inner.insert(reread(record)),
        async find(id) {
          const record = await inner.find(id)
          return record && reread(record)
        },
      }
    },
    close: () => store.close(),
  }
}

function reread(record: TokenRecord): TokenRecord {
  return JSON.parse(JSON.stringify(record)) as TokenRecord
}
