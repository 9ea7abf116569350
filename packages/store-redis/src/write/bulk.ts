import { chunksOf, DamagedRecord, parseTokenId, requireTokenId, type TokenUse } from '@latchkey/core/store'
import type { Argument } from '../clients/client.js'
import { encodeAddress, newNonce, type StoredDocument } from '../codec.js'
import { manageDeadline } from '../connection.js'
import { rawId } from '../index-entries.js'
import type { ShardRef } from '../keys.js'
import { type Keyspace, shardOf } from '../keyspace.js'
import { readDocuments } from '../read/documents.js'
import { type SortedRange, walk } from '../read/walk.js'
import { TOUCH } from '../scripts/touch.js'
import { publicPartsOf } from '../token-sets.js'
import { runWrite, tokenWrite } from './run-write.js'
import { removeStored } from './token.js'

/** Uses in one call of the script; at a million tokens a call then blocks Redis for about 1 ms. */
const TOUCH_BATCH = 100
/** Calls under way at a time, so that reads of others come in between. */
const MAX_CALLS = 8
const PURGE_CHUNK = 100

/** Uses of tokens of one shard and one prefix. */
interface Group {
  readonly shard: ShardRef
  readonly prefix: string
  readonly uses: { readonly publicPart: string; readonly use: TokenUse }[]
}

export async function touch(keyspace: Keyspace, uses: readonly TokenUse[]): Promise<void> {
  const deadline = manageDeadline(keyspace.settings)
  const calls = groupsOf(keyspace, uses).flatMap(({ shard, prefix, uses }) =>
    [...chunksOf(uses, TOUCH_BATCH)].map((batch) => {
      const keys = batch.flatMap(({ publicPart }) => [shard.document(publicPart), shard.uses(publicPart)])
      const args = batch.flatMap(({ publicPart, use }): Argument[] => [
        ...[rawId(publicPart), String(use.gen), String(use.at), encodeAddress(use.ip)],
      ])
      const allKeys = [shard.meta, shard.lock, shard.used, ...keys]
      return async () => runWrite(keyspace, TOUCH, allKeys, [`{"p":"${prefix}"`, ...args], deadline)
    }),
  )
  for (const some of chunksOf(calls, MAX_CALLS)) await Promise.all(some.map(async (call) => call()))
}

function groupsOf(keyspace: Keyspace, all: readonly TokenUse[]): Group[] {
  const groups = new Map<string, Group>()
  for (const use of all) {
    const parsed = parseTokenId(use.id)
    if (parsed === undefined) continue
    const { prefix, publicPart } = parsed
    const shard = shardOf(keyspace, publicPart)
    const key = `${shard.index} ${prefix}`
    const group = groups.get(key) ?? { shard, prefix, uses: [] }
    groups.set(key, group)
    group.uses.push({ publicPart, use })
  }
  return [...groups.values()]
}

export async function purge(keyspace: Keyspace, expiredBefore: number): Promise<readonly string[]> {
  const { shards } = keyspace.dataset
  const ids = await Promise.all(shards.map(async (shard) => purgeShard(keyspace, shard, expiredBefore)))
  return ids.flat()
}

async function purgeShard(keyspace: Keyspace, shard: ShardRef, expiredBefore: number): Promise<string[]> {
  const range: SortedRange = { key: shard.expires, intervals: [{ min: '-inf', max: String(expiredBefore) }] }
  const deadline = () => manageDeadline(keyspace.settings)
  const ids: string[] = []
  for await (const { tails } of walk(keyspace, range, { direction: 'asc', chunk: PURGE_CHUNK, deadline })) {
    const documents = await readDocuments(keyspace, shard, publicPartsOf(tails), deadline())
    const purged = await Promise.all(documents.map(async (stored) => purgeToken(keyspace, stored, expiredBefore)))
    ids.push(...purged.filter((id) => id !== undefined))
  }
  return ids
}

/** Removes a token if it is expired and not damaged, also if it was changed meanwhile. Returns its id if it did. */
async function purgeToken(
  keyspace: Keyspace,
  stored: StoredDocument | DamagedRecord | undefined,
  expiredBefore: number,
): Promise<string | undefined> {
  let current = stored
  while (current && !(current instanceof DamagedRecord) && isExpired(current, expiredBefore)) {
    const write = tokenWrite(keyspace, requireTokenId(current.record.id))
    const outcome = await removeStored(write, current, newNonce())
    if (outcome !== 'CONFLICT') return outcome === 'OK' ? current.record.id : undefined
    const documents = await readDocuments(keyspace, write.shard, [write.id.publicPart], write.deadline)
    current = documents[0]
  }
  return undefined
}

function isExpired({ record: { expiresAt } }: StoredDocument, expiredBefore: number): boolean {
  return expiresAt !== undefined && expiresAt < expiredBefore
}
