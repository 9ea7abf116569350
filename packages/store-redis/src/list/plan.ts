// One plan for every list. The indexes propose, the documents decide.
//
// 1. A list walks along one sorted set in the order that is asked for, and stops at the end of the page. That is the set of
//    the sort, within the bounds of the filter where it has some, or, by creation, the set of the owner.
// 2. Scopes, kind and state are bitmaps over the numbers of tokens. The walk passes by members whose bits are not set.
// 3. An owner or a range of times that is not the order itself is read first, the smallest first. If few candidates are
//    left, their documents are read and sorted here. Else the candidates become the bitmap of the walk.
// 4. A total is a counter where the filter has one criterion, else the number of candidates.
//
// At worst, a list reads each member of each criterion and of the order once: 19 bytes and less than a microsecond
// each, in commands of one to two milliseconds.

import { AFTER_ALL_TIMES, type ListFilter, type TimeRange } from '@latchkey/core/store'
import { neverUsedScore } from '../index-entries.js'
import type { ShardRef } from '../keys.js'
import { everythingIn, type Interval, MAX_CHUNK, type SortedRange, walk } from '../read/walk.js'
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
import { type Entry, readEntries, type ShardQuery, scanEntries, sortEntries, sortKey } from './entries.js'

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
  /** The tokens with the scopes, of the kind and in the state; undefined if the filter has none of these. */
  readonly bitmap: Bitmap | undefined
  /** The tokens of the owner, and those whose times are within the bounds; the smallest first. */
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
  const scan = (bitmap: Bitmap | undefined, share: number) => scanEntries(query, order, bitmap, chunkFor(wanted, share))
  const { all, bitmap, ranges } = await readCriteria(query)
  const held = bitmap === undefined ? all : countBits(bitmap)
  const smallest = Math.min(held, ...ranges.map(({ size }) => size))
  const isOneCriterion = ranges.length + (bitmap === undefined ? 0 : 1) <= 1
  const isMetByOrder = ranges.every(({ key }) => key === order.key)
  if (smallest > 0 && isMetByOrder && (isOneCriterion || !count)) {
    return { entries: scan(bitmap, held / all), total: smallest }
  }

  const isFew = (size: number) => size ** 2 * DOCUMENT_COST <= wanted * all
  const candidates = smallest > 0 ? await readCandidates(query, bitmap, ranges, isFew) : NO_TAILS
  if (isFew(countOf(candidates))) {
    const entries = await readEntries(query, candidates)
    return { entries: sortEntries(query, entries), total: entries.length }
  }
  const ordered = ranges.find(({ key }) => key === order.key)?.size ?? all
  return { entries: scan(bitmapOf(candidates), countOf(candidates) / ordered), total: countOf(candidates) }
}

/** The sorted set that has the order of the list, and as few members as possible. */
function orderOf({ shard, filter, sort }: ShardQuery): SortedRange {
  const { owner } = filter
  const key = sort.by === 'createdAt' && owner !== undefined ? shard.owner(owner) : sortKey(shard, sort)
  return rangesOf(shard, filter).find((range) => range.key === key) ?? everythingIn(key)
}

/** What the sorted sets know of a filter, each by one range. The set of an owner is in the order of creation. */
function rangesOf(shard: ShardRef, { owner, lastUsed, expires, created, unusedSince }: ListFilter): SortedRange[] {
  const ranges: SortedRange[] = []
  if (owner !== undefined || created !== undefined) {
    const key = owner === undefined ? shard.created : shard.owner(owner)
    ranges.push(created === undefined ? everythingIn(key) : { key, intervals: [within(created)] })
  }
  if (lastUsed !== undefined || unusedSince !== undefined) {
    ranges.push({ key: shard.used, intervals: usedWithin(lastUsed, unusedSince) })
  }
  if (expires !== undefined) {
    // Never expiring is the greatest time, which no bound may match.
    const to = Math.min(expires.to ?? AFTER_ALL_TIMES, AFTER_ALL_TIMES - 1)
    ranges.push({ key: shard.expires, intervals: [within({ ...expires, to })] })
  }
  return ranges
}

/** Tokens never used, whose scores are negative, are within no bounds of the last use. */
function usedWithin(lastUsed: TimeRange | undefined, unusedSince: number | undefined): SortedRange['intervals'] {
  const used = within(lastUsed ?? {})
  if (unusedSince === undefined) return [used]
  const isSooner = lastUsed?.to !== undefined && lastUsed.to < unusedSince
  const unused = isSooner ? used : { ...used, max: `(${unusedSince}` }
  return lastUsed === undefined ? [{ min: '-inf', max: `(${neverUsedScore(unusedSince)}` }, unused] : [unused]
}

function within({ from = 0, to }: TimeRange): Interval {
  return { min: String(Math.max(from, 0)), max: to === undefined ? '+inf' : String(to) }
}

/** Members per command of a walk among which this share matches. */
function chunkFor(wanted: number, share: number): number {
  return Math.min(MAX_CHUNK, share === 1 ? wanted : Math.ceil(withMargin(wanted) / share))
}

/** What to ask for where chance decides how much of it matches: two standard deviations more mostly suffice. */
export function withMargin(wanted: number): number {
  return Math.ceil(wanted + 2 * Math.sqrt(wanted))
}

/** One round trip. */
async function readCriteria(query: ShardQuery): Promise<Criteria> {
  const { shard, filter } = query
  const sized = async (range: SortedRange) => ({ ...range, size: await sizeOf(query, range) })
  const [all, bitmap, ranges] = await Promise.all([
    sizeOf(query, everythingIn(shard.created)),
    readBitmap(query),
    Promise.all(rangesOf(shard, filter).map(sized)),
  ])
  return { all, bitmap, ranges: ranges.sort((a, b) => a.size - b.size) }
}

async function sizeOf({ keyspace, deadline }: ShardQuery, { key, intervals }: SortedRange): Promise<number> {
  const count = ({ min, max }: Interval) => keyspace.connection.command(key, ['ZCOUNT', key, min, max], deadline)
  const counts = await Promise.all(intervals.map(count))
  return counts.reduce<number>((sum, found) => sum + Number(found), 0)
}

async function readBitmap({ keyspace, shard, filter, deadline }: ShardQuery): Promise<Bitmap | undefined> {
  const { scopes, personal, enabled } = filter
  if (scopes === undefined && personal === undefined && enabled === undefined) return undefined
  const read = async (key: string) =>
    ((await keyspace.connection.command(key, ['GET', key], deadline)) as Buffer | null) ?? new Uint8Array()
  const [personals, inState, ...held] = await Promise.all([
    personal === undefined ? undefined : read(shard.personal),
    enabled === undefined ? undefined : read(shard.enabled(enabled)),
    ...(scopes === undefined ? [read(shard.live)] : scopes.map(async (scope) => read(shard.scope(scope)))),
  ])
  const all = union(held)
  const bitmap = inState === undefined ? all : intersection(all, inState)
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
