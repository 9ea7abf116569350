import {
  type Dataset,
  type DatasetContext,
  isComplete,
  newMeta,
  parseMeta,
  readMeta,
  shardCountOf,
  shardRefs,
} from '../dataset.js'

/**
 * Accepts the data that are there as the environment's: gives all shards a new meta, unless they have a common one.
 * Tokens stay where they are. `knownShards` is what this process has opened before.
 */
export async function acceptDataset(
  context: DatasetContext,
  knownShards: number | undefined,
): Promise<{ dataset: Dataset; created: boolean }> {
  const [first] = shardRefs(context, 1)
  const found = await readMeta(context, first)
  const count = shardCountOf(found ?? '') ?? knownShards ?? context.settings.shards ?? 1
  const shards = shardRefs(context, count)
  const metas = await Promise.all(shards.map(async (shard) => readMeta(context, shard)))
  if (found !== undefined && isComplete(found) && metas.every((meta) => meta === found)) {
    return { dataset: parseMeta(context, found), created: false }
  }
  const fresh = newMeta(count)
  // Shard 0 last: a process that opens the key space meanwhile finds the shards at odds, and fails.
  for (const { meta } of shards.toReversed()) {
    await context.connection.command(meta, ['SET', meta, fresh], context.deadline)
  }
  return { dataset: parseMeta(context, fresh), created: true }
}
