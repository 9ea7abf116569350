import type { TokenRecord } from '@latchkey/core/store'
import type { ShardKeys } from './keys.js'

/**
 * One entry of one index: with a score a member of a sorted set, else a bit of a bitmap. Members are
 * `name? + number (4 bytes, big-endian) + raw id (15 bytes)`; the scripts know number and id and append them.
 */
export interface IndexEntry {
  readonly key: string
  readonly score?: string
  readonly name?: Buffer
}

export const TAIL = 19

/** All entries of a record but `live`, which the scripts keep themselves. */
export function indexEntries(keys: ShardKeys, record: TokenRecord): IndexEntry[] {
  const created = String(record.createdAt)
  return [
    { key: keys.created, score: created },
    { key: keys.used, score: usedScore(record.lastUsedAt) },
    { key: keys.expires, score: expiresScore(record.expiresAt) },
    { key: keys.modified, score: usedScore(record.modifiedAt) },
    { key: keys.names, score: '0', name: sortableName(record.name) },
    { key: keys.owner(record.owner), score: created },
    ...(record.personal ? [{ key: keys.personal }] : []),
    ...[...new Set(record.scopes)].map((scope) => ({ key: keys.scope(scope) })),
  ]
}

/** What must be added before, and removed after, a document changes from one record to another. */
export function indexChanges(
  keys: ShardKeys,
  from: TokenRecord,
  to: TokenRecord,
): [add: IndexEntry[], remove: IndexEntry[]] {
  const before = indexEntries(keys, from)
  const after = indexEntries(keys, to)
  const has = (entries: IndexEntry[], entry: IndexEntry, same: typeof isSame) =>
    entries.some((other) => same(other, entry))
  return [
    after.filter((entry) => !has(before, entry, (a, b) => isSame(a, b) && a.score === b.score)),
    before.filter((entry) => !has(after, entry, isSame)),
  ]
}

/** Three arguments for each entry, as `scripts/fragments.ts` reads them. */
export function entryArguments(entries: readonly IndexEntry[]): (string | Buffer)[] {
  return entries.flatMap(({ score, name }) => (score === undefined ? ['b', '', ''] : ['z', score, name ?? '']))
}

/** Never counts as the oldest. */
export function usedScore(at: number | undefined): string {
  return at === undefined ? '-inf' : String(at)
}

/** Never counts as the latest. */
export function expiresScore(at: number | undefined): string {
  return at === undefined ? '+inf' : String(at)
}

/** UTF-8 sorts as code points do. NUL, which ends the name, is escaped inside it so that a prefix sorts first. */
export function sortableName(name: string): Buffer {
  return Buffer.from(`${name.replaceAll('\0', '\0\u0001')}\0\0`)
}

/** The member of an index, whole. */
export function indexMember({ name }: Pick<IndexEntry, 'name'>, number: number, rawId: Uint8Array): Buffer {
  const tail = Buffer.allocUnsafe(TAIL)
  tail.writeUInt32BE(number, 0)
  tail.set(rawId, 4)
  return name === undefined ? tail : Buffer.concat([name, tail])
}

function isSame(a: IndexEntry, b: IndexEntry): boolean {
  return (
    a.key === b.key && (a.name === b.name || (a.name !== undefined && b.name !== undefined && a.name.equals(b.name)))
  )
}
