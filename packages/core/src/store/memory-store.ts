import { randomBytes, randomUUID } from 'node:crypto'
import { parseTokenId, requireTokenId } from '../token/id.js'
import type { TokenRecord } from '../types.js'
import { idTaken, storeClosed, versionConflict } from './failures.js'
import { createListeners, type Listeners } from './listeners.js'
import { listEntries, type MemoryEntry } from './memory-list.js'
import { applyPatch, applyUse } from './patch.js'
import type { EnvironmentStore, TokenStore } from './token-store.js'

/** What memory stores keep: hand the same one to several stores to make them connections to the same data. */
export interface MemoryData {
  readonly environments: Map<string, KeySpace>
}

interface KeySpace {
  readonly dataset: string
  readonly sealingKey: Uint8Array
  /** By public part, since that is unique under any prefix. */
  readonly entries: Map<string, MemoryEntry>
  readonly listeners: Listeners
  lastSeq: number
}

/** One store on the data. */
interface Connection {
  closed: boolean
  readonly watches: Set<() => void>
}

/**
 * Empty data for memory stores.
 *
 * @example
 * const data = memoryData()
 * const nodeA = createLatchkey({ store: memoryStore(data) })
 * const nodeB = createLatchkey({ store: memoryStore(data) })
 */
export function memoryData(): MemoryData {
  return { environments: new Map() }
}

/**
 * Keeps tokens in this process's memory: for tests, development and hosts that create their tokens at start. Nothing
 * survives the process, and no other process sees it. Point reads and writes are O(1), a list sorts all that matches.
 *
 * `close()` ends this store only; `data` stays as it is for other stores on it.
 *
 * @example
 * const latchkey = createLatchkey({ store: memoryStore() })
 */
export function memoryStore(data: MemoryData = memoryData()): TokenStore {
  const connection: Connection = { closed: false, watches: new Set() }
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
      for (const unwatch of connection.watches) unwatch()
      connection.watches.clear()
    },
  }
}

function newKeySpace(): KeySpace {
  return {
    dataset: randomUUID(),
    sealingKey: new Uint8Array(randomBytes(32)),
    entries: new Map(),
    listeners: createListeners(),
    lastSeq: 0,
  }
}

// Every function below runs to its end without awaiting: that is what makes the writes atomic.
function environmentStore(space: KeySpace, connection: Connection): EnvironmentStore {
  const { entries, listeners } = space

  function lookUp(id: string): MemoryEntry | undefined {
    const entry = entries.get(parseTokenId(id)?.publicPart ?? '')
    return entry?.record.id === id ? entry : undefined
  }

  /** Notifies after the write is done, so that what a listener does cannot reach the writer. */
  function announce(ids: readonly string[]): void {
    queueMicrotask(() => listeners.notify({ ids }))
  }

  return {
    dataset: space.dataset,
    sealingKey: space.sealingKey.slice(),

    async insert(record) {
      assertOpen(connection)
      const { publicPart } = requireTokenId(record.id)
      if (entries.has(publicPart)) throw idTaken(publicPart)
      space.lastSeq++
      entries.set(publicPart, { seq: space.lastSeq, record: copyRecord(record) })
      announce([record.id])
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
      assertVersion(entry.record, expectedVersion)
      entry.record = copyRecord(applyPatch(entry.record, patch))
      announce([id])
      return copyRecord(entry.record)
    },

    async remove(id, expectedVersion) {
      assertOpen(connection)
      const entry = lookUp(id)
      if (!entry) return false
      if (expectedVersion !== undefined) assertVersion(entry.record, expectedVersion)
      entries.delete(requireTokenId(id).publicPart)
      announce([id])
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
        if (entry) entry.record = applyUse(entry.record, use)
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
      if (ids.length > 0) announce(ids)
      return ids.length
    },

    async watch(listener) {
      assertOpen(connection)
      const remove = listeners.add(listener)
      connection.watches.add(remove)
      return async () => {
        remove()
        connection.watches.delete(remove)
      }
    },
  }
}

function* copies(records: Iterable<TokenRecord>): Generator<TokenRecord> {
  for (const record of records) yield copyRecord(record)
}

/** A copy that shares nothing with its source. Metadata passes through JSON, as it does in every durable store. */
function copyRecord(record: TokenRecord): TokenRecord {
  const copy = {
    ...record,
    scopes: [...record.scopes],
    networks: [...record.networks],
    secrets: record.secrets.map((secret) => ({ ...secret })),
    retired: [...record.retired],
  }
  if (record.metadata) copy.metadata = JSON.parse(JSON.stringify(record.metadata)) as Record<string, unknown>
  return copy
}

function assertVersion({ id, version }: TokenRecord, expected: number): void {
  if (version !== expected) throw versionConflict(id, version, expected)
}

function assertOpen({ closed }: Connection): void {
  if (closed) throw storeClosed()
}
