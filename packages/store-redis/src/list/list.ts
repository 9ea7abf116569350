import { compact, type ListOptions, type ListPage, type ListQuery, type ListSort } from '@latchkey/core/store'
import type { DamagedDocument } from '../codec.js'
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
  const damaged: DamagedDocument[] = []
  // One more than the page, which tells whether there are more.
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

interface Lane {
  readonly source: AsyncIterator<Entry[]>
  entries: readonly Entry[]
  /** The index of its next entry. */
  at: number
  isDone: boolean
}

/** The first entries of all sources, each of which is in order and is read from at least once. */
async function merge(sources: readonly AsyncIterator<Entry[]>[], wanted: number, sort: ListSort): Promise<Entry[]> {
  const order = rowOrder(sort)
  const lanes = sources.map((source): Lane => ({ source, entries: [], at: 0, isDone: false }))
  const merged: Entry[] = []
  while (merged.length < wanted) {
    // Only if each lane shows its next entry, the first of these is the next of all.
    if (lanes.some(isDry)) {
      await Promise.all(lanes.filter(isDry).map(refill))
      continue
    }
    let first: Lane | undefined
    for (const lane of lanes) {
      const [entry, leading] = [lane.entries[lane.at], first?.entries[first.at]]
      if (entry && (leading === undefined || order(entry.row, leading.row) < 0)) first = lane
    }
    const entry = first?.entries[first.at]
    if (first === undefined || entry === undefined) break
    first.at++
    merged.push(entry)
  }
  return merged
}

function isDry({ entries, at, isDone }: Lane): boolean {
  return at === entries.length && !isDone
}

async function refill(lane: Lane): Promise<void> {
  const { value, done } = await lane.source.next()
  lane.entries = done ? [] : value
  lane.at = 0
  lane.isDone = done === true
}
