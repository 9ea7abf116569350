import { hasBit } from './bitmap.js'
import { gather, gatherCost, isWithin, MEMBERS_PER_PROBE, matches } from './gather.js'
import { measure } from './measure.js'
import { bitsOf, countOf, type Members } from './members.js'
import { numberOf, type Row, sortKey, tailOf } from './row.js'
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
    return { source: await fromMatches(query, sizes, found, wanted), count: countOf(found) }
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

/** Sorts what was found, or walks past what does not match; whichever costs less. */
async function fromMatches(query: ShardQuery, sizes: Sizes, found: Members, wanted: number): Promise<Source> {
  if (found.length === 0) return EMPTY
  const selectivity = countOf(found) / sizes.all
  if (countOf(found) * gatherCost(query.sort) <= wanted / selectivity) return gather(query, found, query.after)
  const bits = bitsOf(found)
  return along(query, sortKey(query.keys, query.sort), selectivity, (rows) =>
    rows.filter((row) => hasBit(bits, numberOf(row))),
  )
}

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
      const owns = await scoresIn(query, keys.owner(filter.owner ?? ''), left.map(tailOf))
      left = left.filter((_, i) => owns[i] !== undefined)
    }
    if (testUsed && left.length > 0) {
      const used = await scoresIn(query, keys.used, left.map(tailOf))
      left = left.filter((_, i) => isWithin(used[i], min, max))
    }
    return left
  }

  const source = along(query, alongOwner ? keys.owner(filter.owner ?? '') : sortKey(keys, sort), selectivity, pass)
  if (!testOwner && !testUsed) return source
  // The walk asks for a score of each candidate with the right facets.
  const members = Math.min(owned, inRange)
  const probes = (wanted / selectivity) * (facetCount / all)
  if (members <= MEMBERS_PER_PROBE * probes) {
    return fromMatches(query, sizes, await matches(query, sizes), wanted)
  }
  return orGather(query, sizes, source, Math.max(members / MEMBERS_PER_PROBE, 2 * (wanted / selectivity)))
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
