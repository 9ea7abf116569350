// host/ runs in the thread of the host application, worker/ in a thread of the store's own, shared/ in both.

import {
  chunksOf,
  type EnvironmentStore,
  requireTokenId,
  storeClosed,
  type TokenRecord,
  type TokenStore,
} from '@latchkey/core/store'
import { type Database, openDatabase } from '../shared/database.js'
import { isBusy, toStoreError } from '../shared/errors.js'
import { assertSameFile, warnOfFileMode } from '../shared/file.js'
import { findToken } from '../shared/find-token.js'
import type { CallOf, Op, Results } from '../shared/protocol.js'
import { type ChangeFeed, followChanges } from './feed.js'
import { readOptions, type SqliteStoreOptions } from './options.js'
import { createWorkerClient } from './worker-client.js'

/** How long a call may take besides waiting for locks: a first count over a million tokens on a cold disk, say. */
const CALL_TIMEOUT_MS = 10_000
/** A large file takes long to check and to migrate. */
const OPEN_TIMEOUT_MS = 600_000
/** Larger batches are sent in pieces, between which other writes are carried out. */
const MAX_USES = 50
const MAX_PURGES = 50
/** Small, since single reads are for the tokens in use, and the system caches the file too. */
const CACHE_KIB = 8 * 1024

/** What an open file has on the host's thread. */
interface OpenFile {
  identity: string
  /** Only reads, and never waits for a lock. */
  reader: Database
  changes: ChangeFeed
}

/**
 * Keeps tokens in one SQLite file: for hosts on one machine, also in several processes. Single tokens are read on the
 * host's thread, in microseconds; everything else runs in a thread of the store's own.
 *
 * Nothing is touched before `open`. Throws a `TypeError` for a misused option. Calls reject with `ERR_STORE` when the
 * file cannot be opened, is damaged, of a newer version or of another program, when it was removed or replaced while
 * open, when the disk is full, and when another process holds its lock for longer than `busyTimeout`.
 *
 * @example
 * const store = sqliteStore({ path: '/var/lib/my-service/tokens.db' })
 * const latchkey = createLatchkey({ prefix: 'acme', store })
 */
export function sqliteStore(options: SqliteStoreOptions): TokenStore {
  const settings = readOptions(options)
  const { path, busyTimeout } = settings
  const deadline = busyTimeout + CALL_TIMEOUT_MS
  let file: OpenFile | undefined
  let closing: Promise<void> | undefined

  const worker = createWorkerClient(path, () =>
    // A worker that replaces a dead one must find the file that the dead one had.
    file ? { ...settings, create: false, checkIntegrity: false, identity: file.identity } : settings,
  )

  function assertOpen(): void {
    if (closing !== undefined) throw storeClosed()
  }

  function openFile(identity: string): OpenFile {
    if (file) return file
    const reader = openDatabase(path, 0)
    reader.pragma('query_only = 1')
    reader.pragma(`cache_size = -${CACHE_KIB}`)
    assertSameFile(path, identity)
    warnOfFileMode(path)
    file = { identity, reader, changes: followChanges(reader, path, identity) }
    return file
  }

  /** Rarely, as while another process recovers the log, a reader would have to wait: then the worker does. */
  async function find({ identity, reader }: OpenFile, env: number, id: string): Promise<TokenRecord | undefined> {
    try {
      assertSameFile(path, identity)
      return findToken(reader, env, id)?.record
    } catch (error) {
      if (isBusy(error)) return worker.request({ op: 'find', env, id }, deadline)
      throw toStoreError(error, path)
    }
  }

  /** The operation, while the store is open. */
  function whileOpen<A extends unknown[], R>(operation: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return async (...args) => {
      assertOpen()
      return operation(...args)
    }
  }

  function environmentStore({ env, dataset, sealingKey }: Results['open'], opened: OpenFile): EnvironmentStore {
    const ask = <O extends Op>(call: CallOf<O>) => worker.request(call, deadline)
    return {
      dataset,
      sealingKey: new Uint8Array(Buffer.from(sealingKey, 'hex')),
      ping: whileOpen(async () => ask({ op: 'ping' })),
      insert: whileOpen(async (record) => {
        requireTokenId(record.id)
        await ask({ op: 'insert', env, record })
      }),
      find: whileOpen(async (id) => find(opened, env, id)),
      update: whileOpen(async (id, patch, expectedVersion) => ask({ op: 'update', env, id, patch, expectedVersion })),
      remove: whileOpen(async (id, expectedVersion) => ask({ op: 'remove', env, id, expectedVersion })),
      list: whileOpen(async (query, { signal } = {}) => worker.list(env, query, deadline, signal)),
      touch: whileOpen(async (uses) => {
        await Promise.all([...chunksOf(uses, MAX_USES)].map((some) => ask({ op: 'touch', env, uses: some })))
      }),
      async purge(expiredBefore) {
        const removed: string[] = []
        for (;;) {
          assertOpen()
          const some = await ask({ op: 'purge', env, expiredBefore, limit: MAX_PURGES })
          if (some.length === 0) return removed
          removed.push(...some)
        }
      },
      watch: whileOpen(async (listener) => {
        const unwatch = opened.changes.watch(env, listener)
        return async () => unwatch()
      }),
    }
  }

  return {
    async open(environment, { sealingKey, create = true } = {}) {
      assertOpen()
      const key = sealingKey && Buffer.from(sealingKey).toString('hex')
      const call = { op: 'open', environment, sealingKey: key, create } as const
      const opened = await worker.request(call, busyTimeout + OPEN_TIMEOUT_MS)
      assertOpen()
      try {
        return environmentStore(opened, openFile(opened.identity))
      } catch (error) {
        throw toStoreError(error, path)
      }
    },

    close() {
      closing ??= (async () => {
        file?.changes.stop()
        file?.reader.close()
        await worker.close(deadline)
      })()
      return closing
    },
  }
}
