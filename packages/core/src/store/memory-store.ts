import { randomBytes, randomUUID } from 'node:crypto'
import { StoreError } from '../errors.js'
import type { TokenRecord } from '../types.js'
import { listEntries, type MemoryEntry } from './memory-list.js'
import { copyRecord, patchRecord, withUse } from './memory-record.js'
import type { ChangeListener, EnvironmentStore, TokenStore } from './token-store.js'

/** What memory stores keep: hand the same one to several stores to make them connections to the same data. */
export interface MemoryData {
  readonly environments: Map<string, KeySpace>
}

interface KeySpace {
  readonly dataset: string
  readonly sealingKey: Uint8Array
  /** By public part, since that is unique under any prefix. */
  readonly entries: Map<string, MemoryEntry>
  readonly watchers: Set<Watcher>
  lastSeq: number
}

interface Watcher {
  readonly listener: ChangeListener
}

/** One store on the data. */
interface Connection {
  closed: boolean
  readonly unwatch: Set<() => void>
}

/** Empty data for memory stores. */
export function memoryData(): MemoryData {
  return { environments: new Map() }
}

/**
 * Keeps tokens in this process's memory: for tests, development and hosts that create their tokens at start. Nothing
 * survives the process, and no other process sees it. Point reads and writes are O(1), a list sorts all that matches.
 *
 * `close()` ends this store only; `data` stays as it is for other stores on it.
 */
export function memoryStore(data: MemoryData = memoryData()): TokenStore {
  const connection: Connection = { closed: false, unwatch: new Set() }
  return {
    async open(environment) {
      assertOpen(connection)
      let space = data.environments.get(environment)
      if (!space) {
        space = newKeySpace()
        data.environments.set(environment, space)
      }
      return environmentStore(space, connection)
    },
    async close() {
      connection.closed = true
      for (const unwatch of connection.unwatch) unwatch()
    },
  }
}

function newKeySpace(): KeySpace {
  return {
    dataset: randomUUID(),
    sealingKey: new Uint8Array(randomBytes(32)),
    entries: new Map(),
    watchers: new Set(),
    lastSeq: 0,
  }
}

// Every function below runs to its end without awaiting: that is what makes the writes atomic.
function environmentStore(space: KeySpace, connection: Connection): EnvironmentStore {
  const { entries, watchers } = space

  function lookUp(id: string): MemoryEntry | undefined {
    const entry = entries.get(publicPart(id))
    return entry?.record.id === id ? entry : undefined
  }

  return {
    dataset: space.dataset,
    sealingKey: space.sealingKey.slice(),

    async insert(record) {
      assertOpen(connection)
      const key = publicPart(record.id)
      if (entries.has(key)) throw new StoreError('ERR_CONFLICT', `A token ${key} exists already.`)
      space.lastSeq++
      entries.set(key, { seq: space.lastSeq, record: copyRecord(record) })
      announce(space, [record.id])
    },

    async find(id) {
      assertOpen(connection)
      const entry = lookUp(id)
      return entry && copyRecord(entry.record)
    },

    async update(id, patch, expectedVersion) {
      assertOpen(connection)
      const entry = lookUp(id)
      if (!entry) return undefined
      assertVersion(entry, expectedVersion)
      entry.record = copyRecord(patchRecord(entry.record, patch))
      announce(space, [id])
      return copyRecord(entry.record)
    },

    async remove(id, expectedVersion) {
      assertOpen(connection)
      const entry = lookUp(id)
      if (!entry) return false
      if (expectedVersion !== undefined) assertVersion(entry, expectedVersion)
      entries.delete(publicPart(id))
      announce(space, [id])
      return true
    },

    async list(query) {
      assertOpen(connection)
      const page = listEntries(entries.values(), query)
      return { ...page, records: copies(page.records) }
    },

    async touch(uses) {
      assertOpen(connection)
      for (const use of uses) {
        const entry = lookUp(use.id)
        if (entry) entry.record = withUse(entry.record, use)
      }
    },

    async purge(expiredBefore) {
      assertOpen(connection)
      const ids: string[] = []
      for (const [key, { record }] of entries) {
        if (record.expiresAt === undefined || record.expiresAt >= expiredBefore) continue
        entries.delete(key)
        ids.push(record.id)
      }
      if (ids.length > 0) announce(space, ids)
      return ids.length
    },

    async watch(listener) {
      assertOpen(connection)
      const watcher = { listener }
      const unwatch = () => {
        watchers.delete(watcher)
        connection.unwatch.delete(unwatch)
      }
      watchers.add(watcher)
      connection.unwatch.add(unwatch)
      return async () => unwatch()
    },
  }
}

function* copies(records: Iterable<TokenRecord>): Generator<TokenRecord> {
  for (const record of records) yield copyRecord(record)
}

/** Tells the watchers after the write is done, so that what a listener does or throws cannot reach the writer. */
function announce({ watchers }: KeySpace, ids: readonly string[]): void {
  for (const watcher of watchers) {
    queueMicrotask(() => {
      if (!watchers.has(watcher)) return
      try {
        watcher.listener({ ids })
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error))
      }
    })
  }
}

function publicPart(id: string): string {
  return id.slice(id.lastIndexOf('.') + 1)
}

function assertVersion({ record }: MemoryEntry, expected: number): void {
  if (record.version === expected) return
  throw new StoreError('ERR_CONFLICT', `Token ${record.id} is at version ${record.version}, not ${expected}.`)
}

function assertOpen({ closed }: Connection): void {
  if (closed) throw new StoreError('ERR_STORE', 'The store was closed.')
}
