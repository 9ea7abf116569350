import type { ListSort } from '@latchkey/core'
import { decodeDocument } from '../codec.js'
import { readMany } from '../read-many.js'
import { hasBit } from './bitmap.js'
import { numberOf, publicPartIn, type Row, rowOf, rowOrder, sortKey, tailOf } from './row.js'
import { type ShardQuery, type Sizes, scoresIn, usedBounds } from './shard-query.js'
import { type Source, sourceOf } from './source.js'
import { walk } from './walk.js'

const CHUNK = 1_500
const DOCUMENTS = 200

/**
 * All tokens of the shard that match, as rows of no particular order: the members of the smaller of owner and range, cut
 * down by the bitmaps and by the other one. Only for filters that name an owner or a range.
 */
export async function matches(query: ShardQuery, sizes: Sizes): Promise<Row[]> {
  const { filter, keys } = query
  const { owned = Number.POSITIVE_INFINITY, inRange = Number.POSITIVE_INFINITY, facets } = sizes
  const byOwner = filter.owner !== undefined && owned <= inRange
  const { min, max } = usedBounds(filter)
  const base = byOwner
    ? await members(query, keys.owner(filter.owner ?? ''), Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    : await members(query, keys.used, min, max)
  const rows = facets === undefined ? base : base.filter((row) => hasBit(facets, numberOf(row)))
  if (byOwner && filter.lastUsed !== undefined) {
    const used = await scoresIn(query, keys.used, rows)
    return rows.filter((_, i) => isWithin(used[i], min, max))
  }
  if (!byOwner && filter.owner !== undefined) {
    const owns = await scoresIn(query, keys.owner(filter.owner), rows)
    return rows.filter((_, i) => owns[i] !== undefined)
  }
  return rows
}

export function isWithin(score: number | undefined, min: number, max: number): boolean {
  return score !== undefined && score >= min && score <= max
}

/** Sorts matching tokens in the client: for few of them. */
export async function gather(query: ShardQuery, matching: readonly Row[], after: Row | undefined): Promise<Source> {
  const order = rowOrder(query.sort)
  const rows = query.sort.by === 'name' ? await rowsByName(query, matching) : await rowsByScore(query, matching)
  return sourceOf(rows.filter((row) => after === undefined || order(row, after) > 0).sort(order))
}

async function rowsByScore(query: ShardQuery, matching: readonly Row[]): Promise<Row[]> {
  const scores = await scoresIn(query, sortKey(query.keys, query.sort), matching)
  return matching.flatMap((row, i) => {
    const score = scores[i]
    return score === undefined ? [] : [{ score, member: tailOf(row) }]
  })
}

/** Names stand in the documents alone. */
async function rowsByName({ space, keys, sort, deadline }: ShardQuery, matching: readonly Row[]): Promise<Row[]> {
  const rows: Row[] = []
  for (let i = 0; i < matching.length; i += DOCUMENTS) {
    const chunk = matching.slice(i, i + DOCUMENTS)
    const parts = chunk.map(publicPartIn)
    const documents = await readMany(space, parts.map(keys.document), deadline)
    for (const [j, row] of chunk.entries()) {
      const document = documents[j]
      if (document) rows.push(rowOf(decodeDocument(parts[j] ?? '', document, null).record, tailOf(row), sort))
    }
  }
  return rows
}

/** All members of a sorted set within bounds of the score. */
async function members(query: ShardQuery, key: string, min: number, max: number): Promise<Row[]> {
  const sort: ListSort = { by: 'createdAt', direction: 'asc' }
  const source = walk(query, { key, sort, after: undefined, min, max, selectivity: 1, pass: (rows) => rows })
  const found: Row[] = []
  while (!source.done()) for (const row of await source.read(CHUNK)) found.push(row)
  return found
}
