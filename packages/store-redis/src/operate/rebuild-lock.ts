import { randomUUID } from 'node:crypto'
import { type StoreError, storeUnavailable } from '@latchkey/core/store'
import { manageDeadline } from '../connection.js'
import type { ShardRef } from '../keys.js'
import type { Keyspace } from '../keyspace.js'
import { EXTEND_LOCK, RELEASE_LOCK } from '../scripts/operate.js'
import { send } from './server.js'

/** The lock lives so long after the last sign of life. */
const LEASE_MS = 30_000

/** The lock of a shard, which makes writes wait. */
export interface RebuildLock {
  /** What the lock holds while it is ours. */
  readonly token: string
  /** Starts the lease anew. Rejects if the lock is not ours any more. */
  extend(): Promise<void>
  release(): Promise<void>
}

export async function acquireLock(keyspace: Keyspace, { lock }: ShardRef): Promise<RebuildLock> {
  const { connection, settings } = keyspace
  const token = randomUUID()
  if ((await send(keyspace, 'SET', lock, token, 'NX', 'PX', String(LEASE_MS))) === null) {
    throw storeUnavailable('Another rebuild is running, or was cut off less than 30 s ago.')
  }
  return {
    token,
    async extend() {
      const args = [token, String(LEASE_MS)]
      if (Number(await connection.script(EXTEND_LOCK, [lock], args, manageDeadline(settings))) !== 1) throw lockLost()
    },
    async release() {
      await connection.script(RELEASE_LOCK, [lock], [token], manageDeadline(settings))
    },
  }
}

export function lockLost(): StoreError {
  return storeUnavailable('The rebuild took too long between two steps and was given up; start it again.')
}
