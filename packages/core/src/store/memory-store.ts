import { randomBytes, randomUUID } from 'node:crypto'
import type { StoreError } from '../errors.js'
import { parseTokenId, requireTokenId } from '../token/id.js'
import type { TokenRecord } from '../types.js'
import { assertVersion, idTaken, noEnvironment, storeClosed } from './failures.js'
import { createListeners, type Listeners } from './listeners.js'
import { listEntries, type MemoryEntry } from './memory-list.js'
import { applyPatch, applyUse } from './patch.js'
import { decodeRecord, intactRecords } from './record-shape.js'
import type { EnvironmentStore, TokenStore } from './token-store.js'

/** The data of memory stores. Stores that are given the same one are connections to the same data. */
export interface MemoryData {
  readonly environments: Map<string, Keyspace>
}

/** The data of one environment. */
interface Keyspace {
  readonly dataset: string
  readonly sealingKey: Uint8Array
  /** By public part, which is unique under any prefix. */
  readonly entries: Map<string, MemoryEntry>
  readonly listeners: Listeners
  lastSeq: number
}

/** The state of one store. */
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
 * A store in the memory of this process: for tests, for development, and for hosts that create their tokens at start.
 * Nothing survives the process, and no other process sees it. Reads and writes of one token are O(1); a list sorts all
 * that matches.
 *
 * `close()` ends this store only. Other stores on the same `data` go on.
 *
 * @example
 * const latchkey = createLatchkey({ store: memoryStore() })
 */
export function memoryStore(data: MemoryData = memoryData()): TokenStore {
  const connection: Connection = { closed: false, watches: new Set() }
  return {
    async open(environment, { sealingKey = randomBytes(32), create = true } = {}) {
      assertOpen(connection)
      let keyspace = data.environments.get(environment)
      if (!keyspace) {
        if (!create) throw noEnvironment(environment)
        keyspace = newKeyspace(sealingKey)
        data.environments.set(environment, keyspace)
      }
      return environmentStore(keyspace, connection)
    },
    async close() {
      connection.closed = true
      for (const unwatch of connection.watches) unwatch()
      connection.watches.clear()
    },
  }
}

function newKeyspace(sealingKey: Uint8Array): Keyspace {
  return {
    dataset: randomUUID(),
    sealingKey: new Uint8Array(sealingKey),
    entries: new Map(),
    listeners: createListeners(),
    lastSeq: 0,
  }
}

// No function below awaits anything, so each write is atomic.
function environmentStore(keyspace: Keyspace, connection: Connection): EnvironmentStore {
  const { entries, listeners } = keyspace

  function lookUp(id: string): MemoryEntry | undefined {
    const entry = entries.get(parseTokenId(id)?.publicPart ?? '')
    return entry?.record.id === id ? entry : undefined
  }

  /** Notifies later, so that a listener cannot interfere with the writer. */
  function announce(ids: readonly string[]): void {
    queueMicrotask(() => listeners.notify({ ids }))
  }

  return {
    dataset: keyspace.dataset,
    sealingKey: keyspace.sealingKey.slice(),

    async ping() {
      assertOpen(connection)
    },

    async insert(record) {
      assertOpen(connection)
      const { publicPart } = requireTokenId(record.id)
      if (entries.has(publicPart)) throw idTaken(publicPart)
      keyspace.lastSeq++
      entries.set(publicPart, { seq: keyspace.lastSeq, record: copyRecord(record) })
      announce([record.id])
    },

    async find(id) {
      assertOpen(connection)
      const entry = lookUp(id)
      return entry && readRecord(entry.record)
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
      assertVersion(entry.record, expectedVersion)
      entries.delete(requireTokenId(id).publicPart)
      announce([id])
      return true
    },

    async list(query, { signal } = {}) {
      assertOpen(connection)
      signal?.throwIfAborted()
      const page = listEntries(entries.values(), query)
      const damaged: StoreError[] = []
      return { ...page, damaged, records: intactRecords(page.records, readRecord, damaged) }
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
      return ids
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

/** A copy of a stored record. Throws `DamagedRecord` for one that an import of the host has spoilt. */
function readRecord(record: TokenRecord): TokenRecord {
  return decodeRecord('Memory', record.id, () => copyRecord(record))
}

/** A copy that shares nothing with its source. Metadata goes through JSON, as in every durable store. */
function copyRecord(record: TokenRecord): TokenRecord {
  const copy = {
    ...record,
    scopes: [...record.scopes],
    networks: [...record.networks],
    resources: [...record.resources],
    secrets: record.secrets.map((secret) => ({ ...secret })),
    retired: [...record.retired],
  }
  if (record.metadata) copy.metadata = JSON.parse(JSON.stringify(record.metadata)) as Record<string, unknown>
  return copy
}

function assertOpen({ closed }: Connection): void {
  if (closed) throw storeClosed()
}
