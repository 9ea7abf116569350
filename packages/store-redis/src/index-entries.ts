import type { TokenRecord } from '@latchkey/core/store'
import { encodeUint32 } from './codec.js'
import type { ShardRef } from './keys.js'
import { RAW_ID_LENGTH, rawId } from './raw-id.js'

/**
 * One entry of one index: with a score a member of a sorted set, else a bit of a bitmap. Members are
 * `name? + tail`; the scripts know the tail and append it.
 */
export interface IndexEntry {
  readonly key: string
  readonly score?: number
  readonly name?: Buffer
}

/** A tail is the token's number (4 bytes, big-endian) and its raw id (15 bytes). */
export const TAIL_LENGTH = 4 + RAW_ID_LENGTH

/** All entries of a record but `live`, which the scripts keep themselves. */
export function indexEntries(shard: ShardRef, record: TokenRecord): IndexEntry[] {
  return [
    { key: shard.created, score: record.createdAt },
    { key: shard.used, score: scoreOf(record, 'lastUsedAt') },
    { key: shard.expires, score: scoreOf(record, 'expiresAt') },
    { key: shard.modified, score: scoreOf(record, 'modifiedAt') },
    { key: shard.names, score: 0, name: sortableName(record.name) },
    { key: shard.owner(record.owner), score: record.createdAt },
    ...(record.personal ? [{ key: shard.personal }] : []),
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

/** Three arguments for each entry, as scripts/change.ts reads them. */
export function entryArguments(entries: readonly IndexEntry[]): (string | Buffer)[] {
  return entries.flatMap(({ score, name }) =>
    score === undefined ? ['b', '', ''] : ['z', formatScore(score), name ?? ''],
  )
}

/** Never used and never modified come before all times, never expiring after them. */
export function scoreOf(record: TokenRecord, by: 'createdAt' | 'lastUsedAt' | 'expiresAt' | 'modifiedAt'): number {
  return record[by] ?? (by === 'expiresAt' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY)
}

/** UTF-8 sorts as code points do. NUL, which ends the name, is escaped inside it so that a prefix sorts first. */
export function sortableName(name: string): Buffer {
  return Buffer.from(`${name.replaceAll('\0', '\0\u0001')}\0\0`)
}

/** The whole member of an entry. */
export function indexMember({ name }: Pick<IndexEntry, 'name'>, number: number, publicPart: string): Buffer {
  return Buffer.concat([name ?? Buffer.alloc(0), encodeUint32(number), rawId(publicPart)])
}

/** Scores arrive as numbers or as text, depending on the version of the protocol. */
export function parseScore(value: unknown): number {
  const text = String(value)
  if (/^[+-]?inf$/.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text)
}

export function formatScore(score: number): string {
  if (Number.isFinite(score)) return String(score)
  return score > 0 ? '+inf' : '-inf'
}

function isSameMember(a: IndexEntry, b: IndexEntry): boolean {
  return a.key === b.key && (a.name === b.name || (a.name !== undefined && b.name?.equals(a.name) === true))
}
