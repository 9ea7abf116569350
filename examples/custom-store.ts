// A store around another one that logs every write, and the store contract run on it.
import { createLatchkey, memoryData, memoryStore, type TokenStore } from '@latchkey/core'
import { storeContract } from '@latchkey/testkit'

interface WriteEntry {
  readonly environment: string
  readonly operation: 'insert' | 'update' | 'remove' | 'purge'
  readonly id?: string
  /** The names of the members that an update changed. Their values may be hashes, so they are left out. */
  readonly members?: readonly string[]
  /** The tokens that a purge removed. */
  readonly ids?: readonly string[]
}

/** Keeps its tokens in another store, and reports every write that succeeded. */
function loggedStore(store: TokenStore, write: (entry: WriteEntry) => void): TokenStore {
  return {
    async open(environment, openOptions) {
      const inner = await store.open(environment, openOptions)
      return {
        dataset: inner.dataset,
        sealingKey: inner.sealingKey,
        ping: () => inner.ping(),
        async insert(record) {
          await inner.insert(record)
          write({ environment, operation: 'insert', id: record.id })
        },
        find: (id, options) => inner.find(id, options),
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
        list: (query, options) => inner.list(query, options),
        touch: (uses) => inner.touch(uses),
        async purge(expiredBefore) {
          const ids = await inner.purge(expiredBefore)
          if (ids.length > 0) write({ environment, operation: 'purge', ids })
          return ids
        },
        watch: (listener) => inner.watch(listener),
      }
    },
    close: () => store.close(),
  }
}

// Run every case of the store contract, each on empty data. In a project this is a test file.
const broken: string[] = []
for (const { group, name, run } of storeContract) {
  const data = memoryData()
  await run(async () => loggedStore(memoryStore(data), () => {})).catch((error: unknown) => {
    broken.push(`${group}: ${name}: ${error}`)
  })
}
console.log(`${storeContract.length - broken.length} of ${storeContract.length} promises kept`)
for (const line of broken) console.error(line)

// The same store in use.
const store = loggedStore(memoryStore(), (entry) => console.log(JSON.stringify(entry)))
const latchkey = createLatchkey({ prefix: 'acme', store })
const { id } = await latchkey.create({ name: 'nightly', owner: 'ada', scopes: ['reports.read'] })
await latchkey.update(id, { enabled: false })
await latchkey.delete(id)
await latchkey.close()
await store.close()
