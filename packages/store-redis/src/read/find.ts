import { parseTokenId, storeUnavailable, type TokenRecord } from '@latchkey/core/store'
import { decodeDocument } from '../codec.js'
import { readDeadline } from '../connection.js'
import type { ShardRef } from '../keys.js'
import { assertDataset, type Keyspace, shardOf } from '../keyspace.js'
import { readMany } from './documents.js'

/** Documents that one command reads; Redis answers it in about 0.1 ms. */
const MAX_FIND_BATCH = 100

/** Point reads of one shard that go together. */
interface Batch {
  readonly publicParts: string[]
  /** Document and uses of each, in turn. */
  readonly values: Promise<(Buffer | null)[]>
}

/**
 * Makes `find`: the record, in one round trip. It rejects if the data set is not the one that was opened, or if history
 * was lost and the record is older than what this process has seen.
 *
 * Reads of one turn of the event loop go together, since a client spends several times as long on a command as Redis.
 */
export function createFind(keyspace: Keyspace): (id: string) => Promise<TokenRecord | undefined> {
  /** The batch of each shard that still takes reads. */
  const open = new Map<ShardRef, Batch>()

  async function readBatch(shard: ShardRef, publicParts: readonly string[]): Promise<(Buffer | null)[]> {
    const { connection, settings, rollbackGuard, listeners } = keyspace
    const deadline = readDeadline(settings)
    await new Promise((resolve) => setImmediate(resolve))
    open.delete(shard)
    const expected = rollbackGuard.latestSeq(shard.index)
    const keys = publicParts.flatMap((part) => [shard.document(part), shard.uses(part)])
    const values = await readMany(connection, [...keys, shard.seq, shard.meta], deadline)
    const [seq, meta] = values.slice(-2)
    assertDataset(keyspace, meta)
    if (rollbackGuard.checkSeq(shard.index, Number(seq ?? 0), expected)) listeners.notify('reset')
    return values
  }

  function batchOf(shard: ShardRef): Batch {
    const batch = open.get(shard)
    if (batch !== undefined && batch.publicParts.length < MAX_FIND_BATCH) return batch
    const publicParts: string[] = []
    const fresh = { publicParts, values: readBatch(shard, publicParts) }
    open.set(shard, fresh)
    return fresh
  }

  return async (id) => {
    const publicPart = parseTokenId(id)?.publicPart
    if (publicPart === undefined) return undefined
    const shard = shardOf(keyspace, publicPart)
    const { publicParts, values } = batchOf(shard)
    const index = 2 * (publicParts.push(publicPart) - 1)
    const [document = null, uses = null] = (await values).slice(index, index + 2)
    if (document === null) return undefined
    const { record } = decodeDocument(publicPart, document, uses)
    return record.id === id ? unlessStale(keyspace, shard, publicPart, record) : undefined
  }
}

function unlessStale(
  { rollbackGuard }: Keyspace,
  { index }: ShardRef,
  publicPart: string,
  record: TokenRecord,
): TokenRecord | undefined {
  switch (rollbackGuard.check(index, publicPart, record.version)) {
    case 'current':
      return record
    case 'removed':
      return undefined
    case 'stale':
      throw storeUnavailable(`Redis lost a change of ${record.id} that this process has seen; its record is too old.`)
  }
}
