import {
  DamagedRecord,
  type ListFilter,
  type ListSort,
  matchesFilter,
  type SortKey,
  storeUnavailable,
  type TokenRecord,
} from '@latchkey/core/store'
import type { RedisDeadline } from '../connection.js'
import { indexMember, scoreOf, sortableName, TAIL_LENGTH } from '../index-entries.js'
import type { ShardRef } from '../keys.js'
import type { Keyspace } from '../keyspace.js'
import { readDocuments } from '../read/documents.js'
import { type Row, type SortedRange, walk } from '../read/walk.js'
import { type Bitmap, numberAt, publicPartsOf, type Tails, tailsIn } from '../token-sets.js'

/** One list as one shard answers it. */
export interface ShardQuery {
  readonly keyspace: Keyspace
  readonly shard: ShardRef
  readonly filter: ListFilter
  readonly sort: ListSort
  readonly after: Row | undefined
  readonly deadline: RedisDeadline
  /** Takes an error for each document that is damaged and is left out. */
  readonly damaged: DamagedRecord[]
}

/** A token that matches, at its place in the order of the list. */
export interface Entry {
  readonly row: Row
  readonly record: TokenRecord
}

/** The entries behind the position of the query, chunk by chunk, from a sorted set in the order of the list. */
export async function* scanEntries(
  query: ShardQuery,
  range: SortedRange,
  matches: Bitmap | undefined,
  chunk: number,
): AsyncGenerator<Entry[]> {
  const { keyspace, sort, after, deadline } = query
  let from = after
  const options = { direction: sort.direction, after, chunk, deadline: () => deadline }
  for await (const { tails, end } of walk(keyspace, range, options)) {
    const entries = await readEntries(query, matches === undefined ? tails : tailsIn(tails, matches))
    yield between(sort, entries, from, end)
    from = end
  }
}

/** The same, of entries that were read in no particular order. */
export async function* sortEntries({ sort, after }: ShardQuery, entries: readonly Entry[]): AsyncGenerator<Entry[]> {
  yield between(sort, entries, after, undefined)
}

/**
 * Those of the tokens that match, as their documents say. Rejects unless the shard still holds the data set that was
 * opened, also when there are no tokens.
 */
export async function readEntries(query: ShardQuery, tails: Tails): Promise<Entry[]> {
  const { keyspace, shard, filter, sort, deadline, damaged } = query
  const publicParts = publicPartsOf(tails)
  const documents = await readDocuments(keyspace, shard, publicParts, deadline)
  // By public part: after a rename that was cut off, a token has two names in the index.
  const entries = new Map<string, Entry>()
  for (const [i, part] of publicParts.entries()) {
    const stored = documents[i]
    if (stored instanceof DamagedRecord) {
      damaged.push(stored)
      continue
    }
    // Another number: the index entry is left over from an earlier token with this id.
    if (stored === undefined || stored.number !== numberAt(tails, i) || !matchesFilter(stored.record, filter)) continue
    entries.set(part, { row: rowOf(stored.record, stored.number, part, sort), record: stored.record })
  }
  return [...entries.values()]
}

/**
 * Those behind one row and up to another, in order. A document that belongs elsewhere was changed after the index was
 * read, and its token is listed there.
 */
function between(sort: ListSort, entries: readonly Entry[], from: Row | undefined, to: Row | undefined): Entry[] {
  const order = rowOrder(sort)
  return entries
    .filter(({ row }) => (from === undefined || order(row, from) > 0) && (to === undefined || order(row, to) <= 0))
    .sort((a, b) => order(a.row, b.row))
}

/** As Redis orders a sorted set, also across shards: by score, then by the bytes of the member. */
function compareRows(a: Row, b: Row): number {
  return a.score === b.score ? Buffer.compare(a.member, b.member) : a.score - b.score
}

/** Compares in the direction of a list. */
export function rowOrder({ direction }: ListSort): (a: Row, b: Row) => number {
  return direction === 'asc' ? compareRows : (a, b) => compareRows(b, a)
}

/** The sorted set that holds all tokens in this order. */
export function sortKey(shard: ShardRef, { by }: ListSort): string {
  const keys: Record<SortKey, string> = {
    name: shard.names,
    lastUsedAt: shard.used,
    createdAt: shard.created,
    expiresAt: shard.expires,
    modifiedAt: shard.modified,
  }
  return keys[by]
}

/** Where a record belongs in an order, whatever the indexes say. */
function rowOf(record: TokenRecord, number: number, publicPart: string, { by }: ListSort): Row {
  if (by !== 'name') return { score: scoreOf(record, by), member: indexMember({}, number, publicPart) }
  return { score: 0, member: indexMember({ name: sortableName(record.name) }, number, publicPart) }
}

/** The position behind a row, as text: it holds the row itself, and so outlives the token. */
export function encodePosition({ score, member }: Row): string {
  const bytes = Buffer.allocUnsafe(8 + member.length)
  bytes.writeDoubleBE(score, 0)
  member.copy(bytes, 8)
  return bytes.toString('base64url')
}

/** Throws a `StoreError` for a text that no list returned. */
export function decodePosition(text: string): Row {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length < 8 + TAIL_LENGTH) {
    throw storeUnavailable('The position to go on from is none of this store.')
  }
  return { score: bytes.readDoubleBE(0), member: bytes.subarray(8) }
}
