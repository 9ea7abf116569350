// One plan for every list. The indexes propose, the documents decide.
//
// 1. A list walks along one sorted set in the order that is asked for, and stops at the end of the page. That is the set of
//    the sort, within the bounds of the filter where it has some, or, by creation, the set of the owner.
// 2. Scopes and kind are bitmaps over the numbers of tokens. The walk passes by members whose bits are not set.
// 3. An owner or a range of last use that is not the order itself is read first, the smallest first. If few candidates are
//    left, their documents are read and sorted here. Else the candidates become the bitmap of the walk.
// 4. A total is a counter where the filter has one criterion, else the number of candidates.
//
// At worst, a list reads each member of each criterion and of the order once: 19 bytes and less than a microsecond each, in
// commands of one to two milliseconds.

import type { ListFilter } from '@latchkey/core/store'
import type { ShardRef } from '../keys.js'
import { everythingIn, MAX_CHUNK, type SortedRange, walk } from '../read/walk.js'
import {
  type Bitmap,
  bitmapOf,
  countBits,
  countOf,
  difference,
  intersection,
  NO_TAILS,
  type Tails,
  tailsIn,
  union,
} from '../token-sets.js'
import { type Entry, entriesAlong, entriesAmong, readEntries, type ShardQuery, sortKey } from './entries.js'

/** How one shard answers a list. */
export interface ShardPlan {
  /** The entries behind the position of the query, in order. */
  readonly entries: AsyncIterator<Entry[]>
  /** How many tokens match in all, if it was asked for. */
  readonly total: number | undefined
}

/** What the indexes know of a filter. */
interface Criteria {
  /** How many tokens there are. */
  readonly all: number
  /** The tokens with the scopes and of the kind; undefined if the filter has neither. */
  readonly bitmap: Bitmap | undefined
  /** The tokens of the owner, and those last used within the bounds; the smallest first. */
  readonly ranges: readonly SizedRange[]
}

interface SizedRange extends SortedRange {
  readonly size: number
}

/** Reading a document takes about as long as passing by so many members of an index. */
const DOCUMENT_COST = 10

/** `wanted`: how many entries are going to be read, roughly. */
export async function planShard(query: ShardQuery, wanted: number, count: boolean): Promise<ShardPlan> {
  const order = orderOf(query)
  const along = (bitmap: Bitmap | undefined, share: number) =>
    entriesAlong(query, order, bitmap, chunkFor(wanted, share))
  const { all, bitmap, ranges } = await readCriteria(query)
  const held = bitmap === undefined ? all : countBits(bitmap)
  const smallest = Math.min(held, ...ranges.map(({ size }) => size))
  const isOneCriterion = ranges.length + (bitmap === undefined ? 0 : 1) <= 1
  const isMetByOrder = ranges.every(({ key }) => key === order.key)
  if (smallest > 0 && isMetByOrder && (isOneCriterion || !count)) {
    return { entries: along(bitmap, held / all), total: smallest }
  }

  const isFew = (size: number) => size ** 2 * DOCUMENT_COST <= wanted * all
  const candidates = smallest > 0 ? await readCandidates(query, bitmap, ranges, isFew) : NO_TAILS
  if (isFew(countOf(candidates))) {
    const entries = await readEntries(query, candidates)
    return { entries: entriesAmong(query, entries), total: entries.length }
  }
  const ordered = ranges.find(({ key }) => key === order.key)?.size ?? all
  return { entries: along(bitmapOf(candidates), countOf(candidates) / ordered), total: countOf(candidates) }
}

/** The sorted set that has the order of the list, and as few members as possible. */
function orderOf({ shard, filter, sort }: ShardQuery): SortedRange {
  if (sort.by === 'createdAt' && filter.owner !== undefined) return everythingIn(shard.owner(filter.owner))
  if (sort.by === 'lastUsedAt' && filter.lastUsed !== undefined) return usedWithin(shard, filter.lastUsed)
  return everythingIn(sortKey(shard, sort))
}

/** A token never used, whose score is -1, is within no bounds. */
function usedWithin(shard: ShardRef, { from, to }: NonNullable<ListFilter['lastUsed']>): SortedRange {
  return { key: shard.used, min: String(Math.max(from ?? 0, 0)), max: to === undefined ? '+inf' : String(to) }
}

/** Members per command of a walk among which this share matches. */
function chunkFor(wanted: number, share: number): number {
  return Math.min(MAX_CHUNK, share === 1 ? wanted : Math.ceil(withMargin(wanted) / share))
}

/** What to ask for where chance decides how much of it matches: two standard deviations more, so that it mostly suffices. */
export function withMargin(wanted: number): number {
  return Math.ceil(wanted + 2 * Math.sqrt(wanted))
}

/** One round trip. */
async function readCriteria(query: ShardQuery): Promise<Criteria> {
  const { shard, filter } = query
  const wanted = [
    ...(filter.owner === undefined ? [] : [everythingIn(shard.owner(filter.owner))]),
    ...(filter.lastUsed === undefined ? [] : [usedWithin(shard, filter.lastUsed)]),
  ]
  const sized = async (range: SortedRange) => ({ ...range, size: await sizeOf(query, range) })
  const [all, bitmap, ranges] = await Promise.all([
    sizeOf(query, everythingIn(shard.created)),
    readBitmap(query),
    Promise.all(wanted.map(sized)),
  ])
  return { all, bitmap, ranges: ranges.sort((a, b) => a.size - b.size) }
}

async function sizeOf({ keyspace, deadline }: ShardQuery, { key, min, max }: SortedRange): Promise<number> {
  return Number(await keyspace.connection.command(key, ['ZCOUNT', key, min, max], deadline))
}

async function readBitmap({ keyspace, shard, filter, deadline }: ShardQuery): Promise<Bitmap | undefined> {
  const { scopes, personal } = filter
  if (scopes === undefined && personal === undefined) return undefined
  const read = async (key: string) =>
    ((await keyspace.connection.command(key, ['GET', key], deadline)) as Buffer | null) ?? new Uint8Array()
  const [personals, ...held] = await Promise.all([
    personal === undefined ? undefined : read(shard.personal),
    ...(scopes === undefined ? [read(shard.live)] : scopes.map(async (scope) => read(shard.scope(scope)))),
  ])
  const bitmap = union(held)
  if (personals === undefined) return bitmap
  return personal ? intersection(bitmap, personals) : difference(bitmap, personals)
}

/** The tokens that are in the bitmap and in all ranges, or in some of the ranges if those leave few. */
async function readCandidates(
  query: ShardQuery,
  bitmap: Bitmap | undefined,
  ranges: readonly SortedRange[],
  isFew: (size: number) => boolean,
): Promise<Tails> {
  let candidates: Tails | undefined
  for (const range of ranges) {
    if (candidates !== undefined && isFew(countOf(candidates))) break
    candidates = await readTails(query, range, candidates === undefined ? bitmap : bitmapOf(candidates))
  }
  return candidates ?? NO_TAILS
}

/** The members of a range that are in the bitmap. */
async function readTails(
  { keyspace, deadline }: ShardQuery,
  range: SortedRange,
  bitmap: Bitmap | undefined,
): Promise<Tails> {
  const found: Tails[] = []
  for await (const { tails } of walk(keyspace, range, { direction: 'asc', deadline: () => deadline })) {
    found.push(bitmap === undefined ? tails : tailsIn(tails, bitmap))
  }
  return Buffer.concat(found)
}
