import {
  compact,
  type DamagedRecord,
  type ListOptions,
  type ListPage,
  type ListQuery,
  type ListSort,
} from '@latchkey/core/store'
import { manageDeadline } from '../connection.js'
import type { Keyspace } from '../keyspace.js'
import { decodePosition, type Entry, encodePosition, rowOrder } from './entries.js'
import { planShard, withMargin } from './plan.js'

/** One page, merged from those of all shards. The longest single command does not grow with the number of tokens. */
export async function list(keyspace: Keyspace, query: ListQuery, { signal }: ListOptions = {}): Promise<ListPage> {
  const { filter, sort, limit, count } = query
  const { shards } = keyspace.dataset
  const after = query.after === undefined ? undefined : decodePosition(query.after)
  const deadline = manageDeadline(keyspace.settings, signal)
  const damaged: DamagedRecord[] = []
  // One more than the page, to know whether there are more.
  const wanted = limit + 1
  const perShard = shards.length === 1 ? wanted : withMargin(wanted / shards.length)
  const plans = await Promise.all(
    shards.map(async (shard) =>
      planShard({ keyspace, shard, filter, sort, after, deadline, damaged }, perShard, count),
    ),
  )
  const entries = await merge(
    plans.map((plan) => plan.entries),
    wanted,
    sort,
  )
  const page = entries.slice(0, limit)
  const last = page.at(-1)
  return {
    records: page.map(({ record }) => record),
    damaged,
    ...compact({
      next: last && entries.length > limit ? encodePosition(last.row) : undefined,
      totalCount: count ? plans.reduce((sum, { total = 0 }) => sum + total, 0) : undefined,
    }),
  }
}

/** One of the lists that are merged. */
interface Source {
  readonly chunks: AsyncIterator<Entry[]>
  /** Of the chunk that was read last. */
  entries: readonly Entry[]
  /** The index of its next entry. */
  at: number
  isDone: boolean
}

/** The first entries of all lists, each of which is in order and is read from at least once. */
async function merge(lists: readonly AsyncIterator<Entry[]>[], wanted: number, sort: ListSort): Promise<Entry[]> {
  const order = rowOrder(sort)
  const sources = lists.map((chunks): Source => ({ chunks, entries: [], at: 0, isDone: false }))
  const merged: Entry[] = []
  while (merged.length < wanted) {
    // Only when the next entry of each source is known, the first of these is the next of all.
    if (sources.some(needsChunk)) {
      await Promise.all(sources.filter(needsChunk).map(readChunk))
      continue
    }
    let first: Source | undefined
    for (const source of sources) {
      const [entry, leading] = [source.entries[source.at], first?.entries[first.at]]
      if (entry && (leading === undefined || order(entry.row, leading.row) < 0)) first = source
    }
    const entry = first?.entries[first.at]
    if (first === undefined || entry === undefined) break
    first.at++
    merged.push(entry)
  }
  return merged
}

function needsChunk({ entries, at, isDone }: Source): boolean {
  return at === entries.length && !isDone
}

async function readChunk(source: Source): Promise<void> {
  const { value, done } = await source.chunks.next()
  source.entries = done ? [] : value
  source.at = 0
  source.isDone = done === true
}
