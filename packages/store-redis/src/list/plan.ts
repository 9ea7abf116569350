import { type Bitmap, hasBit, setBit } from './bitmap.js'
import { gather, isWithin, matches } from './gather.js'
import { measure } from './measure.js'
import { numberOf, type Row, sortKey } from './row.js'
import { type ShardQuery, type Sizes, scoresIn, usedBounds } from './shard-query.js'
import { EMPTY, type Source } from './source.js'
import { type Walk, walk } from './walk.js'

export interface Plan {
  readonly source: Source
  readonly count: number | undefined
}

/**
 * How one shard answers a list. Either it walks along a sorted set that is in the right order and tests each candidate, or
 * it gathers the few that match and sorts them; whichever looks at fewer. Indexes only propose: the caller reads each
 * document and decides by it.
 */
export async function plan(query: ShardQuery, wanted: number, count: boolean): Promise<Plan> {
  const sizes = await measure(query)
  const total = count ? simpleCount(query, sizes) : undefined
  if (sizes.facetCount === 0 || sizes.owned === 0 || sizes.inRange === 0)
    return { source: EMPTY, count: count ? 0 : undefined }
  if (count && total === undefined) {
    // Two parts that only their members can tell apart: look at all, and use what was found.
    const found = await matches(query, sizes)
    return { source: await fromMatches(query, sizes, found, wanted), count: found.length }
  }
  return { source: await fromIndexes(query, sizes, wanted), count: total }
}

/** The exact number of matches, if the sizes alone tell it. */
function simpleCount({ filter }: ShardQuery, { facets, facetCount, owned, inRange }: Sizes): number | undefined {
  if (filter.owner === undefined && filter.lastUsed === undefined) return facetCount
  if (facets !== undefined) return undefined
  if (filter.lastUsed === undefined) return owned
  return filter.owner === undefined ? inRange : undefined
}

async function fromMatches(query: ShardQuery, sizes: Sizes, found: readonly Row[], wanted: number): Promise<Source> {
  const selectivity = found.length / sizes.all
  if (found.length <= GATHER_BONUS * (wanted / selectivity)) return gather(query, found, query.after)
  const largest = found.reduce((most, row) => Math.max(most, numberOf(row)), 0)
  const bits: Bitmap = new Uint8Array((largest >> 3) + 1)
  for (const row of found) setBit(bits, numberOf(row))
  return along(query, sortKey(query.keys, query.sort), selectivity, (rows) =>
    rows.filter((row) => hasBit(bits, numberOf(row))),
  )
}

/** Sorting what was found costs less than walking past what does not match. */
const GATHER_BONUS = 1.5

async function fromIndexes(query: ShardQuery, sizes: Sizes, wanted: number): Promise<Source> {
  const { filter, sort, keys } = query
  const { all, facets, facetCount, owned = all, inRange = all } = sizes
  // The owner's own set is in order of creation, that of last uses in its own: then that part of the filter is met.
  const alongOwner = filter.owner !== undefined && sort.by === 'createdAt'
  const alongUsed = filter.lastUsed !== undefined && sort.by === 'lastUsedAt'
  const testOwner = filter.owner !== undefined && !alongOwner
  const testUsed = filter.lastUsed !== undefined && !alongUsed
  const selectivity = (facetCount / all) * (testOwner ? owned / all : 1) * (testUsed ? inRange / all : 1)
  const { min, max } = usedBounds(filter)

  const pass = async (rows: Row[]): Promise<Row[]> => {
    let left = facets === undefined ? rows : rows.filter((row) => hasBit(facets, numberOf(row)))
    if (testOwner && left.length > 0) {
      const owns = await scoresIn(query, keys.owner(filter.owner ?? ''), left)
      left = left.filter((_, i) => owns[i] !== undefined)
    }
    if (testUsed && left.length > 0) {
      const used = await scoresIn(query, keys.used, left)
      left = left.filter((_, i) => isWithin(used[i], min, max))
    }
    return left
  }

  const source = along(query, alongOwner ? keys.owner(filter.owner ?? '') : sortKey(keys, sort), selectivity, pass)
  if (!testOwner && !testUsed) return source
  const members = Math.min(owned, inRange)
  if (members <= GATHER_BONUS * (wanted / selectivity)) return gather(query, await matches(query, sizes), query.after)
  return orGather(query, sizes, source, 2 * members)
}

function along(
  query: ShardQuery,
  key: string,
  selectivity: number,
  pass: (rows: Row[]) => Promise<Row[]> | Row[],
): Walk {
  const { sort, after, filter } = query
  const unbounded = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY }
  const bounds = filter.lastUsed !== undefined && key === query.keys.used ? usedBounds(filter) : unbounded
  return walk(query, { key, sort, after, selectivity, pass, ...bounds })
}

/** The parts of a filter may exclude each other, which no size tells: a walk that got too long goes on by gathering. */
function orGather(query: ShardQuery, sizes: Sizes, source: Walk, budget: number): Source {
  let current: Source = source
  return {
    async read(wanted) {
      if (current === source && source.visited() > budget && !source.done()) {
        current = await gather(query, await matches(query, sizes), source.position())
      }
      return current.read(wanted)
    },
    done: () => current.done(),
  }
}
