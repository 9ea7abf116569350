import type { ListSort } from '@latchkey/core/store'
import { decodeDocument } from '../codec.js'
import { readMany } from '../read-many.js'
import { hasBit } from './bitmap.js'
import { bitsOf, countOf, filterMembers, type Members, memberAt, readMembers } from './members.js'
import { publicPartIn, type Row, rowOf, rowOrder, sortKey } from './row.js'
import { type ShardQuery, type Sizes, scoresIn, usedBounds } from './shard-query.js'
import { type Source, sourceOf } from './source.js'

const DOCUMENTS = 200

/** Reading so many members costs as much as asking for the score of one. */
export const MEMBERS_PER_PROBE = 2

/**
 * All tokens of the shard that match, in no particular order: the members of the smaller of owner and range, cut down by
 * the bitmaps and by the other one. Only for filters that name an owner or a range.
 */
export async function matches(query: ShardQuery, sizes: Sizes): Promise<Members> {
  const { filter, keys } = query
  const { owned = Number.POSITIVE_INFINITY, inRange = Number.POSITIVE_INFINITY, facets } = sizes
  const { min, max } = usedBounds(filter)
  const byOwner = { key: keys.owner(filter.owner ?? ''), min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY }
  const byUse = { key: keys.used, min, max }
  const [first, second] = filter.owner !== undefined && owned <= inRange ? [byOwner, byUse] : [byUse, byOwner]
  const found = await readMembers(query, first.key, first.min, first.max, facets)
  if (filter.owner === undefined || filter.lastUsed === undefined) return found
  if (Math.max(owned, inRange) <= MEMBERS_PER_PROBE * countOf(found)) {
    const others = bitsOf(await readMembers(query, second.key, second.min, second.max, undefined))
    return filterMembers(found, (number) => hasBit(others, number))
  }
  const scores = await scoresIn(query, second.key, tailsOf(found))
  return filterMembers(found, (_, i) => isWithin(scores[i], second.min, second.max))
}

export function isWithin(score: number | undefined, min: number, max: number): boolean {
  return score !== undefined && score >= min && score <= max
}

/** Sorts matching tokens in the client: for few of them. */
export async function gather(query: ShardQuery, matching: Members, after: Row | undefined): Promise<Source> {
  const order = rowOrder(query.sort)
  const tails = tailsOf(matching)
  const rows = query.sort.by === 'name' ? await rowsByName(query, tails) : await rowsByScore(query, tails)
  return sourceOf(rows.filter((row) => after === undefined || order(row, after) > 0).sort(order))
}

async function rowsByScore(query: ShardQuery, tails: readonly Buffer[]): Promise<Row[]> {
  const scores = await scoresIn(query, sortKey(query.keys, query.sort), tails)
  return tails.flatMap((member, i) => {
    const score = scores[i]
    return score === undefined ? [] : [{ score, member }]
  })
}

/** Names stand in the documents alone. */
async function rowsByName({ space, keys, sort, deadline }: ShardQuery, tails: readonly Buffer[]): Promise<Row[]> {
  const rows: Row[] = []
  for (let i = 0; i < tails.length; i += DOCUMENTS) {
    const chunk = tails.slice(i, i + DOCUMENTS)
    const parts = chunk.map((member) => publicPartIn({ member }))
    const documents = await readMany(space, parts.map(keys.document), deadline)
    for (const [j, tail] of chunk.entries()) {
      const document = documents[j]
      if (document) rows.push(rowOf(decodeDocument(parts[j] ?? '', document, null).record, tail, sort))
    }
  }
  return rows
}

/** How many candidates of a walk cost as much as gathering one match. */
export function gatherCost({ by }: ListSort): number {
  return by === 'name' ? 2 : 0.7
}

function tailsOf(members: Members): Buffer[] {
  return Array.from({ length: countOf(members) }, (_, i) => memberAt(members, i))
}
