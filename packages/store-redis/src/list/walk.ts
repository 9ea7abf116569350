import type { ListSort } from '@latchkey/core/store'
import { SEEK } from '../scripts/seek.js'
import { formatScore, parseScore, type Row } from './row.js'
import type { ShardQuery } from './shard-query.js'
import type { Source } from './source.js'

/** Candidates per command. */
const MOST = 1_500

export interface WalkOptions {
  /** The sorted set to walk along. */
  readonly key: string
  readonly sort: ListSort
  readonly after: Row | undefined
  /** Bounds of the score, both included. */
  readonly min: number
  readonly max: number
  /** What share of the candidates is expected to pass. */
  readonly selectivity: number
  /** Which candidates pass. */
  pass(rows: Row[]): Promise<Row[]> | Row[]
}

export interface Walk extends Source {
  /** How many candidates were looked at. */
  visited(): number
  /** The last one of them. */
  position(): Row | undefined
}

interface Place {
  readonly row: Row
  /** How many rows stand before it in the direction of the walk; undefined if that has to be asked. */
  readonly rank: number | undefined
}

/** Walks along a sorted set from a position, in chunks, and keeps what passes. */
export function walk(query: ShardQuery, options: WalkOptions): Walk {
  const { sort, selectivity, pass } = options
  let place: Place | undefined = options.after && { row: options.after, rank: undefined }
  let done = false
  let visited = 0
  return {
    async read(wanted) {
      const needed = selectivity < 1 ? Math.ceil((wanted / Math.max(selectivity, 1e-6)) * 1.15) + 16 : wanted
      const count = Math.min(MOST, needed)
      const chunk = await (sort.by === 'name' ? byName : byScore)(query, options, place, count)
      visited += chunk.rows.length
      done = chunk.rows.length < count
      place = chunk.last ?? place
      return pass(chunk.rows)
    },
    done: () => done,
    visited: () => visited,
    position: () => place?.row,
  }
}

interface Chunk {
  readonly rows: Row[]
  readonly last: Place | undefined
}

/** Names are in the members, so the next ones can be asked for whether or not the position is still there. */
async function byName(
  query: ShardQuery,
  { key, sort }: WalkOptions,
  place: Place | undefined,
  count: number,
): Promise<Chunk> {
  const start = place && Buffer.concat([Buffer.from('('), place.row.member])
  const range = sort.direction === 'asc' ? [start ?? '-', '+', 'BYLEX'] : [start ?? '+', '-', 'BYLEX', 'REV']
  const args = ['ZRANGE', key, ...range, 'LIMIT', '0', String(count)]
  const members = (await query.space.link.command(key, args, query.deadline)) as Buffer[]
  return chunkOf(members.map((member) => ({ member, score: 0 })))
}

/**
 * Scores have ties, so a position is a score and a member, and the next rows are found by its rank. Ranks move when others
 * write; so the row of the position is read again with those behind it, and proves the rank. If it does not, or is gone, a
 * script looks for its place.
 */
async function byScore(
  query: ShardQuery,
  options: WalkOptions,
  place: Place | undefined,
  count: number,
): Promise<Chunk> {
  const { space, deadline } = query
  const { key, sort, min, max } = options
  const reverse = sort.direction === 'desc' ? ['REV'] : []
  if (place === undefined) {
    const isBounded = min !== Number.NEGATIVE_INFINITY
    const [from, to] = (sort.direction === 'desc' ? [max, min] : [min, max]).map(formatScore)
    const range = isBounded
      ? [from ?? '', to ?? '', 'BYSCORE', ...reverse, 'LIMIT', '0', String(count)]
      : ['0', String(count - 1), ...reverse]
    const rows = parseRows(await space.link.command(key, ['ZRANGE', key, ...range, 'WITHSCORES'], deadline))
    return chunkOf(rows, isBounded ? undefined : 0)
  }
  const rank = place.rank ?? (await rankOf(query, options, place.row))
  if (rank !== undefined) {
    const range = [String(rank), String(rank + count), ...reverse, 'WITHSCORES']
    const [first, ...rows] = parseRows(await space.link.command(key, ['ZRANGE', key, ...range], deadline))
    if (first && first.score === place.row.score && first.member.equals(place.row.member)) {
      return chunkOf(
        rows.filter(({ score }) => score >= min && score <= max),
        rank + 1,
      )
    }
  }
  const { score, member } = place.row
  const args = [sort.direction, String(count), formatScore(min), formatScore(max), formatScore(score), member]
  const rows = parseRows(await space.link.script(SEEK, [key], args, deadline))
  return chunkOf(sort.direction === 'asc' ? rows : rows.reverse())
}

async function rankOf(
  { space, deadline }: ShardQuery,
  { key, sort }: WalkOptions,
  { member }: Row,
): Promise<number | undefined> {
  const rank = await space.link.command(key, [sort.direction === 'asc' ? 'ZRANK' : 'ZREVRANK', key, member], deadline)
  return rank === null ? undefined : Number(rank)
}

function chunkOf(rows: Row[], firstRank?: number): Chunk {
  const row = rows.at(-1)
  return { rows, last: row && { row, rank: firstRank === undefined ? undefined : firstRank + rows.length - 1 } }
}

/** Pairs, or (RESP2, scripts) members and scores in turn. */
function parseRows(reply: unknown): Row[] {
  const items = reply as [Buffer, unknown][] | (Buffer | unknown)[]
  if (Array.isArray(items[0]))
    return (items as [Buffer, unknown][]).map(([member, score]) => ({ member, score: parseScore(score) }))
  const rows: Row[] = []
  for (let i = 0; i + 1 < items.length; i += 2)
    rows.push({ member: items[i] as Buffer, score: parseScore(items[i + 1]) })
  return rows
}
