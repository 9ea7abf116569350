import { requireTokenId } from '@latchkey/core/store'
import { newNonce, type StoredDocument } from '../codec.js'
import { manageDeadline } from '../connection.js'
import type { ShardRef } from '../keys.js'
import type { Keyspace } from '../keyspace.js'
import { readDocuments } from '../read/documents.js'
import { walk } from '../read/walk.js'
import { publicPartsOf } from '../token-sets.js'
import { contextOf, removeStored } from './change.js'

const CHUNK = 100

export async function purge(keyspace: Keyspace, expiredBefore: number): Promise<number> {
  keyspace.connection.assertOpen()
  const { shards } = keyspace.dataset
  const counts = await Promise.all(shards.map(async (shard) => purgeShard(keyspace, shard, expiredBefore)))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function purgeShard(keyspace: Keyspace, shard: ShardRef, expiredBefore: number): Promise<number> {
  const range = { key: shard.expires, min: Number.NEGATIVE_INFINITY, max: expiredBefore }
  const deadline = () => manageDeadline(keyspace.settings)
  let count = 0
  for await (const { tails } of walk(keyspace, range, { direction: 'asc', chunk: CHUNK, deadline })) {
    const documents = await readDocuments(keyspace, shard, publicPartsOf(tails), deadline())
    const purged = await Promise.all(
      documents.map(async (stored) => purgeToken(keyspace, shard, stored, expiredBefore)),
    )
    count += purged.filter(Boolean).length
  }
  return count
}

/** Removes a token if it is expired, also after somebody changed it meanwhile. Returns whether it did. */
async function purgeToken(
  keyspace: Keyspace,
  shard: ShardRef,
  stored: StoredDocument | undefined,
  expiredBefore: number,
): Promise<boolean> {
  let current = stored
  while (current && isExpired(current, expiredBefore)) {
    const context = contextOf(keyspace, requireTokenId(current.record.id))
    const outcome = await removeStored(context, current, newNonce())
    if (outcome !== 'CONFLICT') return outcome === 'OK'
    const documents = await readDocuments(keyspace, shard, [context.id.publicPart], context.deadline)
    current = documents[0]
  }
  return false
}

function isExpired({ record: { expiresAt } }: StoredDocument, expiredBefore: number): boolean {
  return expiresAt !== undefined && expiresAt < expiredBefore
}
