import { type ListSort, StoreError, type TokenRecord } from '@latchkey/core/store'
import { expiresScore, sortableName, TAIL, usedScore } from '../index-entries.js'
import type { ShardKeys } from '../keys.js'
import { publicPartOf } from '../token-id.js'

/** A member of a sorted set: where a token stands in one order. Behind a record that is gone it is still a position. */
export interface Row {
  /** 0 in the order of names, whose members begin with the name. */
  readonly score: number
  readonly member: Buffer
}

/** As Redis orders a sorted set, also across shards: by score, then by the bytes of the member. */
function compareRows(a: Row, b: Row): number {
  return a.score === b.score ? Buffer.compare(a.member, b.member) : a.score - b.score
}

/** Compares in the direction of a list. */
export function rowOrder({ direction }: ListSort): (a: Row, b: Row) => number {
  return direction === 'asc' ? compareRows : (a, b) => compareRows(b, a)
}

export function numberOf({ member }: Row): number {
  return member.readUInt32BE(member.length - TAIL)
}

export function publicPartIn({ member }: Pick<Row, 'member'>): string {
  return publicPartOf(member, member.length - TAIL + 4)
}

/** Number and raw id: the member of this token in every index but that of names. */
export function tailOf({ member }: Row): Buffer {
  return member.subarray(member.length - TAIL)
}

export function sortKey(keys: ShardKeys, { by }: ListSort): string {
  switch (by) {
    case 'name':
      return keys.names
    case 'lastUsedAt':
      return keys.used
    case 'createdAt':
      return keys.created
    case 'expiresAt':
      return keys.expires
    case 'modifiedAt':
      return keys.modified
  }
}

/** The row of a record in an order, from the record itself. */
export function rowOf(record: TokenRecord, tail: Buffer, { by }: ListSort): Row {
  if (by === 'name') return { score: 0, member: Buffer.concat([sortableName(record.name), tail]) }
  const score = by === 'expiresAt' ? expiresScore(record.expiresAt) : usedScore(record[by])
  return { score: parseScore(score), member: tail }
}

export function encodePosition({ score, member }: Row): string {
  const bytes = Buffer.allocUnsafe(8 + member.length)
  bytes.writeDoubleBE(score, 0)
  member.copy(bytes, 8)
  return bytes.toString('base64url')
}

/** Throws a `StoreError` for what no list gave out. */
export function decodePosition(text: string): Row {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length < 8 + TAIL) {
    throw new StoreError('ERR_STORE', 'The position to go on from is none of this store.')
  }
  return { score: bytes.readDoubleBE(0), member: bytes.subarray(8) }
}

/** Scores arrive as numbers or as text, as the protocol version has it. */
export function parseScore(value: unknown): number {
  if (typeof value === 'number') return value
  const text = String(value)
  if (text === 'inf' || text === '+inf') return Number.POSITIVE_INFINITY
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text)
}

export function formatScore(score: number): string {
  if (Number.isFinite(score)) return String(score)
  return score > 0 ? '+inf' : '-inf'
}
