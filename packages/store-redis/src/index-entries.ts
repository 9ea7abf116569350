import { BASE32_ALPHABET, type SortKey, sortValue, type TokenRecord } from '@latchkey/core/store'
import { encodeUint32 } from './codec.js'
import type { ShardRef } from './keys.js'

/**
 * One entry of one index: with a score a member of a sorted set, else a bit of a bitmap. Members are
 * `name? + tail`; the scripts know the tail and append it.
 */
export interface IndexEntry {
  readonly key: string
  readonly score?: number
  readonly name?: Buffer
}

/** The bytes that the 24 base32 characters of a public part spell: the raw id. */
const RAW_ID_LENGTH = 15

/** A tail is the token's number (4 bytes, big-endian) and its raw id (15 bytes). */
export const TAIL_LENGTH = 4 + RAW_ID_LENGTH

/**
 * The score of a record in a sorted set, epoch milliseconds where there are such. A token never used comes before all
 * others, in the order of creation, so that those that nobody used since a time are found in the same set.
 */
export function scoreOf(record: TokenRecord, by: Exclude<SortKey, 'name'>): number {
  if (by === 'lastUsedAt' && record.lastUsedAt === undefined) return neverUsedScore(record.createdAt)
  return Number(sortValue(record, by))
}

/** The score of a token that was created at this time and never used: negative, and exact. */
export function neverUsedScore(createdAt: number): number {
  return Number.MIN_SAFE_INTEGER + createdAt
}

/** All entries of a record but `live`, which the scripts keep themselves. */
export function indexEntries(shard: ShardRef, record: TokenRecord): IndexEntry[] {
  return [
    { key: shard.created, score: scoreOf(record, 'createdAt') },
    { key: shard.used, score: scoreOf(record, 'lastUsedAt') },
    { key: shard.expires, score: scoreOf(record, 'expiresAt') },
    { key: shard.modified, score: scoreOf(record, 'modifiedAt') },
    { key: shard.names, score: 0, name: sortableName(record.name) },
    { key: shard.owner(record.owner), score: record.createdAt },
    ...(record.personal ? [{ key: shard.personal }] : []),
    { key: shard.enabled(record.enabled) },
    ...[...new Set(record.scopes)].map((scope) => ({ key: shard.scope(scope) })),
  ]
}

/** What must be added before, and removed after, a document changes from one record to another. */
export function indexChanges(
  shard: ShardRef,
  from: TokenRecord,
  to: TokenRecord,
): { added: IndexEntry[]; removed: IndexEntry[] } {
  const before = indexEntries(shard, from)
  const after = indexEntries(shard, to)
  return {
    added: after.filter((entry) => !before.some((other) => isSameMember(other, entry) && other.score === entry.score)),
    removed: before.filter((entry) => !after.some((other) => isSameMember(other, entry))),
  }
}

/** Three arguments for each entry, as scripts/write-token.ts reads them. */
export function entryArguments(entries: readonly IndexEntry[]): (string | Buffer)[] {
  return entries.flatMap(({ score, name }) => (score === undefined ? ['b', '', ''] : ['z', String(score), name ?? '']))
}

/** UTF-8 sorts as code points do. NUL, which ends the name, is escaped inside it so that a prefix sorts first. */
export function sortableName(name: string): Buffer {
  return Buffer.from(`${name.replaceAll('\0', '\0\u0001')}\0\0`)
}

/** The whole member of an entry. */
export function indexMember({ name }: Pick<IndexEntry, 'name'>, number: number, publicPart: string): Buffer {
  return Buffer.concat([name ?? Buffer.alloc(0), encodeUint32(number), rawId(publicPart)])
}

function isSameMember(a: IndexEntry, b: IndexEntry): boolean {
  return a.key === b.key && (a.name === b.name || (a.name !== undefined && b.name?.equals(a.name) === true))
}

/** The raw id of a public part. */
export function rawId(publicPart: string): Buffer {
  const raw = Buffer.allocUnsafe(RAW_ID_LENGTH)
  let bits = 0
  let value = 0
  let at = 0
  for (let i = 0; i < publicPart.length; i++) {
    value = ((value << 5) | valueOfCharacter(publicPart.charCodeAt(i))) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    raw[at++] = value >> bits
  }
  return raw
}

/** The public part of the raw id that begins at `start`. */
export function publicPartOf(raw: Uint8Array, start = 0): string {
  let text = ''
  // Five bytes are four pairs of characters.
  for (let i = start; i < start + RAW_ID_LENGTH; i += 5) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = [raw[i], raw[i + 1], raw[i + 2], raw[i + 3], raw[i + 4]]
    text += pair((a << 2) | (b >> 6)) + pair((b << 4) | (c >> 4)) + pair((c << 6) | (d >> 2)) + pair((d << 8) | e)
  }
  return text
}

/** Ten bits are two characters. */
const PAIRS = Array.from(
  { length: 1_024 },
  (_, bits) => BASE32_ALPHABET.charAt(bits >> 5) + BASE32_ALPHABET.charAt(bits & 31),
)

function pair(bits: number): string {
  return PAIRS[bits & 1_023] ?? ''
}

/** A-Z are 0 to 25, 2-7 are 26 to 31. */
function valueOfCharacter(charCode: number): number {
  return charCode >= 65 ? charCode - 65 : charCode - 24
}
