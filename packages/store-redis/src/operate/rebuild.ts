import { chunksOf, DamagedRecord } from '@latchkey/core/store'
import type { Argument } from '../clients/client.js'
import { encodeUint32, HEADER_LENGTH, numberOf } from '../codec.js'
import { manageDeadline } from '../connection.js'
import { indexEntries, indexMember } from '../index-entries.js'
import type { ShardRef } from '../keys.js'
import { assertDataset, type Keyspace } from '../keyspace.js'
import { readDocuments, readMany } from '../read/documents.js'
import { SWAP } from '../scripts/operate.js'
import { type Bitmap, emptyBitmap, setBit } from '../token-sets.js'
import { acquireLock, lockLost, type RebuildLock } from './rebuild-lock.js'
import { scanKeys, send } from './server.js'

/** What `rebuild` did. */
export interface RebuildReport {
  readonly tokens: number
  /** Tokens that shared their number with another one and got a new one. */
  readonly renumbered: number
  /** Documents that cannot be read, by their public part; they were left alone, and no list shows them. */
  readonly unreadable: string[]
}

const CHUNK = 200

/**
 * Makes all indexes anew from the documents, shard by shard. Reads go on meanwhile; writes to the shard wait, and
 * reject with `ERR_STORE` after `manageTimeout`. Needs memory for a second set of indexes.
 */
export async function rebuild(keyspace: Keyspace): Promise<RebuildReport> {
  const reports: RebuildReport[] = []
  for (const shard of keyspace.dataset.shards) {
    const lock = await acquireLock(keyspace, shard)
    try {
      reports.push(await rebuildShard({ keyspace, shard, lock }))
    } finally {
      await lock.release()
    }
  }
  return {
    tokens: reports.reduce((sum, { tokens }) => sum + tokens, 0),
    renumbered: reports.reduce((sum, { renumbered }) => sum + renumbered, 0),
    unreadable: reports.flatMap(({ unreadable }) => unreadable),
  }
}

/** A shard whose lock we hold. */
interface LockedShard {
  readonly keyspace: Keyspace
  readonly shard: ShardRef
  readonly lock: RebuildLock
}

async function rebuildShard(locked: LockedShard): Promise<RebuildReport> {
  const { keyspace, shard } = locked
  assertDataset(keyspace, await send(keyspace, 'GET', shard.meta))
  // Left over from a rebuild that was cut off.
  for (const end of await scanKeys(keyspace, shard, 'new:')) await send(keyspace, 'UNLINK', newKey(shard, end))
  const old: string[] = []
  for (const kind of ['z:', 'o:', 'b:']) {
    for (const end of await scanKeys(keyspace, shard, kind)) old.push(kind + end)
  }
  const publicParts = await scanKeys(keyspace, shard, 't:')
  const { renumbered, highest } = await renumberDuplicates(locked, publicParts)
  const { ends, ...report } = await buildIndexes(locked, publicParts, highest)
  await swap(locked, [...new Set([...old, ...ends])])
  return { ...report, renumbered }
}

/** Documents may share a number after the bitmap of live numbers was lost. All but one of them get a free one. */
async function renumberDuplicates(
  locked: LockedShard,
  publicParts: readonly string[],
): Promise<{ renumbered: number; highest: number }> {
  const { keyspace, shard, lock } = locked
  const taken = new Set<number>()
  const duplicateNumbers: string[] = []
  let highest = 0
  for (const parts of chunksOf(publicParts, CHUNK)) {
    await lock.extend()
    const documents = await readMany(keyspace.connection, parts.map(shard.document), manageDeadline(keyspace.settings))
    for (const [i, document] of documents.entries()) {
      if (document === null || document.length < HEADER_LENGTH) continue
      const number = numberOf(document)
      if (taken.has(number)) duplicateNumbers.push(parts[i] ?? '')
      taken.add(number)
      highest = Math.max(highest, number)
    }
  }
  let free = 0
  for (const part of duplicateNumbers) {
    while (taken.has(free)) free++
    taken.add(free)
    await send(keyspace, 'SETRANGE', shard.document(part), '4', encodeUint32(free))
  }
  return { renumbered: duplicateNumbers.length, highest: Math.max(highest, free) }
}

/** Writes the indexes under new keys. `ends` are those of their final names. */
async function buildIndexes(
  locked: LockedShard,
  publicParts: readonly string[],
  highest: number,
): Promise<{ ends: string[]; tokens: number; unreadable: string[] }> {
  const { keyspace, shard, lock } = locked
  const sets = new Set<string>()
  const bitmaps = new Map<string, Bitmap>()
  const unreadable: string[] = []
  let tokens = 0
  for (const parts of chunksOf(publicParts, CHUNK)) {
    await lock.extend()
    const members = new Map<string, Argument[]>()
    const documents = await readDocuments(keyspace, shard, parts, manageDeadline(keyspace.settings))
    for (const [i, stored] of documents.entries()) {
      const part = parts[i] ?? ''
      if (stored instanceof DamagedRecord) unreadable.push(part)
      if (stored === undefined || stored instanceof DamagedRecord) continue
      const { number, record } = stored
      tokens++
      for (const entry of [...indexEntries(shard, record), { key: shard.live }]) {
        const end = entry.key.slice(shard.base.length)
        if (entry.score === undefined) {
          const bitmap = bitmaps.get(end) ?? emptyBitmap(highest)
          setBit(bitmap, number)
          bitmaps.set(end, bitmap)
        } else {
          const pairs = members.get(end) ?? []
          pairs.push(String(entry.score), indexMember(entry, number, part))
          members.set(end, pairs)
        }
      }
    }
    await Promise.all([...members].map(async ([end, pairs]) => send(keyspace, 'ZADD', newKey(shard, end), ...pairs)))
    for (const end of members.keys()) sets.add(end)
  }
  for (const [end, bitmap] of bitmaps) await send(keyspace, 'SET', newKey(shard, end), Buffer.from(bitmap))
  return { ends: [...sets, ...bitmaps.keys()], tokens, unreadable }
}

/** Puts the new indexes in the place of the old ones. An old one without a successor is removed. */
async function swap({ keyspace, shard, lock }: LockedShard, ends: readonly string[]): Promise<void> {
  const { connection, settings } = keyspace
  for (const chunk of chunksOf(ends, CHUNK)) {
    const pairs = chunk.flatMap((end) => [shard.base + end, newKey(shard, end)])
    const done = await connection.script(SWAP, [shard.lock, ...pairs], [lock.token], manageDeadline(settings))
    if (Number(done) !== 1) throw lockLost()
  }
}

function newKey({ base }: ShardRef, end: string): string {
  return `${base}new:${end}`
}
