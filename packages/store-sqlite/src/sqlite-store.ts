import type { Worker } from 'node:worker_threads'
import { type EnvironmentStore, StoreError, type TokenRecord, type TokenStore } from '@latchkey/core/store'
import { type ArrivalRow, arrivalRow } from './arrivals.js'
import { type Changes, followChanges } from './changes.js'
import type { Database } from './database.js'
import { assertSameFile } from './file.js'
import { readOptions, type SqliteStoreOptions } from './options.js'
import { openReader, readToken } from './point-reads.js'
import type { Results, WorkerSettings } from './protocol.js'
import { storeError } from './store-error.js'
import { createWorkerClient, startWorker } from './worker-client.js'

/** Beyond the wait for locks, a call may take so long: a first count over a million tokens on a cold disk, say. */
const DEADLINE = 10_000
/** Checking a large file takes its time, and so does bringing one forward: a minute for a million tokens. */
const OPEN_DEADLINE = 600_000
/** Larger batches are sent in pieces, so that other writes get in between. */
const TOUCHES = 500
const PURGES = 200

/** The host's thread's part of an open file. */
interface Reading {
  identity: string
  db: Database
  changes: Changes
}

/**
 * Keeps tokens in one SQLite file: for hosts on one machine, also in several processes. Reads of single tokens happen on
 * this thread, in microseconds; everything else in a thread of its own.
 *
 * Nothing is touched before `open`. Throws a `TypeError` for a misused option. Calls reject with `ERR_STORE` when the
 * file cannot be opened, is damaged, of a newer version or of another program, when it was removed or replaced while
 * open, when the disk is full, and when another process holds its lock for longer than `busyTimeout`.
 */
export function sqliteStore(options: SqliteStoreOptions): TokenStore {
  return createSqliteStore(options, startWorker)
}

/** With another way to start the worker: for tests that end it. */
export function createSqliteStore(
  options: SqliteStoreOptions,
  start: (settings: WorkerSettings) => Worker,
): TokenStore {
  const settings = readOptions(options)
  const { path } = settings
  const deadline = settings.busyTimeout + DEADLINE
  let reading: Reading | undefined
  let closing: Promise<void> | undefined

  const client = createWorkerClient(path, () =>
    // A worker that replaces a dead one must find the file that the dead one had.
    start(reading ? { ...settings, create: false, checkIntegrity: false, identity: reading.identity } : settings),
  )

  function assertOpen(): void {
    if (closing !== undefined) throw new StoreError('ERR_STORE', 'The store was closed.')
  }

  function startReading({ identity }: Results['open']): Reading {
    if (reading) return reading
    const db = openReader(path)
    assertSameFile(path, identity)
    reading = { identity, db, changes: followChanges(db, path, identity) }
    return reading
  }

  return {
    async open(environment) {
      assertOpen()
      const opened = await client.request({ op: 'open', environment }, settings.busyTimeout + OPEN_DEADLINE)
      assertOpen()
      try {
        return environmentStore(opened, startReading(opened))
      } catch (error) {
        throw storeError(error, path)
      }
    },

    close() {
      closing ??= (async () => {
        reading?.changes.stop()
        reading?.db.close()
        await client.close(deadline)
      })()
      return closing
    },
  }

  function rowOf(env: number, record: TokenRecord): ArrivalRow {
    try {
      return arrivalRow(env, record)
    } catch (error) {
      throw storeError(error, path)
    }
  }

  function environmentStore(
    { env, dataset, sealingKey }: Results['open'],
    { db, changes, identity }: Reading,
  ): EnvironmentStore {
    return {
      dataset,
      sealingKey: new Uint8Array(Buffer.from(sealingKey, 'hex')),

      async insert(record) {
        assertOpen()
        await client.request({ op: 'insert', row: rowOf(env, record) }, deadline)
      },

      async find(id) {
        assertOpen()
        try {
          assertSameFile(path, identity)
          const found = readToken(db, env, id)
          return found === 'busy' ? await client.request({ op: 'find', env, id }, deadline) : found
        } catch (error) {
          throw storeError(error, path)
        }
      },

      async update(id, patch, expectedVersion) {
        assertOpen()
        return client.request({ op: 'update', env, id, patch, expectedVersion }, deadline)
      },

      async remove(id, expectedVersion) {
        assertOpen()
        return client.request({ op: 'remove', env, id, expectedVersion }, deadline)
      },

      async list(query) {
        assertOpen()
        return client.list(env, query, deadline)
      },

      async touch(uses) {
        assertOpen()
        const pieces: Promise<unknown>[] = []
        for (let i = 0; i < uses.length; i += TOUCHES) {
          pieces.push(client.request({ op: 'touch', env, uses: uses.slice(i, i + TOUCHES) }, deadline))
        }
        await Promise.all(pieces)
      },

      async purge(expiredBefore) {
        let removed = 0
        for (;;) {
          assertOpen()
          const some = await client.request({ op: 'purge', env, expiredBefore, limit: PURGES }, deadline)
          removed += some
          if (some < PURGES) return removed
        }
      },

      async watch(listener) {
        assertOpen()
        const unwatch = changes.add(env, listener)
        return async () => unwatch()
      },
    }
  }
}
