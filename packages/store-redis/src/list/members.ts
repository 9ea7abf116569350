import { TAIL } from '../index-entries.js'
import { MEMBERS } from '../scripts/members.js'
import { type Bitmap, hasBit, setBit } from './bitmap.js'
import { formatScore, parseScore, type Row, tailOf } from './row.js'
import type { ShardQuery } from './shard-query.js'
import { walk } from './walk.js'

/** Members per command: about 2 ms of Redis. */
const CHUNK = 3_000

/** Members of 19 bytes, number and raw id, one after another: much smaller and quicker than an object for each. */
export type Members = Buffer

export function countOf(members: Members): number {
  return members.length / TAIL
}

export function numberAt(members: Members, i: number): number {
  return members.readUInt32BE(i * TAIL)
}

export function memberAt(members: Members, i: number): Buffer {
  return members.subarray(i * TAIL, (i + 1) * TAIL)
}

/** Those that pass, in their order. */
export function filterMembers(members: Members, passes: (number: number, i: number) => boolean): Members {
  const kept = Buffer.allocUnsafe(members.length)
  let end = 0
  for (let i = 0; i < countOf(members); i++) {
    if (passes(numberAt(members, i), i)) end += members.copy(kept, end, i * TAIL, (i + 1) * TAIL)
  }
  return kept.subarray(0, end)
}

/** The numbers as a bitmap. */
export function bitsOf(members: Members): Bitmap {
  let largest = 0
  for (let i = 0; i < countOf(members); i++) largest = Math.max(largest, numberAt(members, i))
  const bits = new Uint8Array((largest >> 3) + 1)
  for (let i = 0; i < countOf(members); i++) setBit(bits, numberAt(members, i))
  return bits
}

/** All members of a sorted set within bounds of the score, and with the facets if there are any. */
export async function readMembers(
  query: ShardQuery,
  key: string,
  min: number,
  max: number,
  facets: Bitmap | undefined,
): Promise<Members> {
  const found: Members[] = []
  const keep = (members: Members) =>
    found.push(facets === undefined ? members : filterMembers(members, (number) => hasBit(facets, number)))
  let last: (string | Buffer)[] = ['', '', '']
  for (;;) {
    const args = [String(CHUNK), formatScore(min), formatScore(max), ...last]
    const reply = await query.space.link.script(MEMBERS, [key], args, query.deadline)
    const [rank, score, members] = reply as (number | Buffer)[]
    if (rank === undefined) return Buffer.concat(found)
    if (!(score instanceof Buffer && members instanceof Buffer)) break
    keep(members)
    if (countOf(members) < CHUNK) return Buffer.concat(found)
    last = [String(rank), score, memberAt(members, CHUNK - 1)]
  }
  // Others moved the place from which to go on: the rest by walking, which finds it again.
  const [, score, member = ''] = last
  const place = { score: parseScore(score), member: Buffer.from(member) }
  for await (const rows of rest(query, key, min, max, place)) keep(Buffer.concat(rows.map(tailOf)))
  return Buffer.concat(found)
}

async function* rest(query: ShardQuery, key: string, min: number, max: number, after: Row): AsyncGenerator<Row[]> {
  const sort = { by: 'createdAt', direction: 'asc' } as const
  const source = walk(query, { key, sort, after, min, max, selectivity: 1, pass: (rows) => rows })
  while (!source.done()) yield await source.read(CHUNK)
}
