import { createListeners, type Listeners, type StoreError, storeUnavailable } from '@latchkey/core/store'
import { type Connection, readDeadline } from './connection.js'
import type { Dataset, DatasetContext } from './dataset.js'
import { changesChannel, type ShardRef, shardIndex } from './keys.js'
import type { Settings } from './options.js'
import { createRollbackGuard, type RollbackGuard } from './rollback-guard.js'

/** The keys of one environment as this process knows them: what all operations share. */
export interface Keyspace {
  readonly settings: Settings
  /** `prefix:environment`, for messages. */
  readonly name: string
  readonly channel: string
  readonly connection: Connection
  readonly rollbackGuard: RollbackGuard
  /** The data set that was opened. Replaced by `init` alone. */
  dataset: Dataset
  /** Those who watch the environment. `reset`: history was lost, or the data set changed. */
  readonly listeners: Listeners
}

export function createKeyspace(
  { settings, environment, connection }: DatasetContext,
  dataset: Dataset,
  database: number,
): Keyspace {
  return {
    settings,
    name: `${settings.prefix}:${environment}`,
    channel: changesChannel(settings.prefix, environment, database),
    connection,
    rollbackGuard: createRollbackGuard(),
    dataset,
    listeners: createListeners(),
  }
}

/** The shard of a token. */
export function shardOf({ dataset: { shards } }: Keyspace, publicPart: string): ShardRef {
  const shard = shards[shardIndex(publicPart, shards.length)]
  if (shard === undefined) throw new RangeError('a key space has a power of two of shards')
  return shard
}

/** Throws unless the text is that of the data set that was opened: an emptied or foreign Redis has nothing of ours. */
export function assertDataset(keyspace: Keyspace, meta: unknown): void {
  if (!(meta instanceof Buffer && meta.equals(keyspace.dataset.meta))) throw foreignDataset(keyspace)
}

/** Rejects unless every shard answers within `readTimeout`, and still holds the data set that was opened. */
export async function ping(keyspace: Keyspace): Promise<void> {
  const { connection, dataset, settings } = keyspace
  const deadline = readDeadline(settings)
  await Promise.all(
    dataset.shards.map(async ({ meta }) =>
      assertDataset(keyspace, await connection.command(meta, ['GET', meta], deadline)),
    ),
  )
}

export function foreignDataset({ name }: Keyspace): StoreError {
  return storeUnavailable(
    `The key space ${name} is empty or holds another data set than the one that was opened. ` +
      'Restart, or call init(), to accept what is there.',
  )
}
