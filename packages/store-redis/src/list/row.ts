import { type ListSort, type SortKey, StoreError, type TokenRecord } from '@latchkey/core/store'
import { indexMember, scoreOf, sortableName, TAIL_LENGTH } from '../index-entries.js'
import type { ShardRef } from '../keys.js'
import type { Row } from '../read/walk.js'

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
export function rowOf(record: TokenRecord, number: number, publicPart: string, { by }: ListSort): Row {
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
    throw new StoreError('ERR_STORE', 'The position to go on from is none of this store.')
  }
  return { score: bytes.readDoubleBE(0), member: bytes.subarray(8) }
}
