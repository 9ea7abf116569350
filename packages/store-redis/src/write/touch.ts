import { parseTokenId, type TokenUse } from '@latchkey/core/store'
import type { Argument } from '../clients/client.js'
import { encodeAddress } from '../codec.js'
import { manageDeadline } from '../connection.js'
import type { ShardRef } from '../keys.js'
import { type Keyspace, shardOf } from '../keyspace.js'
import { rawId } from '../raw-id.js'
import { TOUCH } from '../scripts/touch.js'
import { runWrite } from './run-write.js'

/** Uses in one call of the script; at a million tokens a call then blocks Redis for about 1 ms. */
const MAX_BATCH = 100
/** Calls under way at a time, so that reads of others come in between. */
const MAX_CALLS = 8

interface Batch {
  readonly shard: ShardRef
  readonly keys: string[]
  readonly args: Argument[]
  size: number
}

export async function touch(keyspace: Keyspace, uses: readonly TokenUse[]): Promise<void> {
  keyspace.connection.assertOpen()
  const batches = intoBatches(keyspace, uses)
  const deadline = manageDeadline(keyspace.settings)
  for (let i = 0; i < batches.length; i += MAX_CALLS) {
    await Promise.all(
      batches
        .slice(i, i + MAX_CALLS)
        .map(async ({ shard: { meta, lock, used }, keys, args }) =>
          runWrite(keyspace, TOUCH, [meta, lock, used, ...keys], args, deadline),
        ),
    )
  }
}

/** One batch has uses of one shard and one prefix. */
function intoBatches(keyspace: Keyspace, uses: readonly TokenUse[]): Batch[] {
  const batches: Batch[] = []
  const open = new Map<string, Batch>()
  for (const { id, gen, at, ip } of uses) {
    const parsed = parseTokenId(id)
    if (parsed === undefined) continue
    const { prefix, publicPart } = parsed
    const shard = shardOf(keyspace, publicPart)
    const group = `${shard.index} ${prefix}`
    let batch = open.get(group)
    if (batch === undefined || batch.size === MAX_BATCH) {
      batch = { shard, keys: [], args: [`{"p":"${prefix}"`], size: 0 }
      batches.push(batch)
      open.set(group, batch)
    }
    batch.size++
    batch.keys.push(shard.document(publicPart), shard.uses(publicPart))
    batch.args.push(rawId(publicPart), String(gen), String(at), encodeAddress(ip))
  }
  return batches
}
