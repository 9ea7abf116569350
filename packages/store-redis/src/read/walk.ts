import type { RedisDeadline } from '../connection.js'
import type { Keyspace } from '../keyspace.js'
import { WALK } from '../scripts/read.js'
import { countOf, NO_TAILS, type Tails } from '../token-sets.js'

/** Members per command at most: one to two milliseconds of Redis. */
export const MAX_CHUNK = 3_000

/** A sorted set and bounds of the score, both included, as Redis writes them: `-inf` and `+inf` are no bounds. */
export interface SortedRange {
  readonly key: string
  readonly min: string
  readonly max: string
}

/** A position in a sorted set, which needs no member that is still there. */
export interface Row {
  /** 0 in the order of names, whose members begin with the name. */
  readonly score: number
  readonly member: Buffer
}

export interface Chunk {
  readonly tails: Tails
  /** Up to where the chunk reaches, this row included; undefined at the end of the range. */
  readonly end: Row | undefined
}

export interface WalkOptions {
  readonly direction: 'asc' | 'desc'
  /** Start behind this row. */
  readonly after?: Row | undefined
  /** Members per command. Default: `MAX_CHUNK`. */
  readonly chunk?: number
  /** Of the next command. */
  deadline(): RedisDeadline
}

export function everythingIn(key: string): SortedRange {
  return { key, min: '-inf', max: '+inf' }
}

/**
 * The members of a range, chunk by chunk; there is at least one chunk. Each goes on behind the row with which the one before
 * ended, so members that others add or remove meanwhile make it skip and repeat no other.
 */
export async function* walk(
  { connection }: Keyspace,
  { key, min, max }: SortedRange,
  { direction, after, chunk = MAX_CHUNK, deadline }: WalkOptions,
): AsyncGenerator<Chunk> {
  let position = after
  for (;;) {
    const from = position === undefined ? ['', ''] : [String(position.score), position.member]
    const args = [direction, String(chunk), min, max, ...from]
    const reply = await connection.script(WALK, [key], args, deadline())
    const [tails = NO_TAILS, score, member] = reply as [tails?: Buffer, score?: Buffer, member?: Buffer]
    const isLast = member === undefined || countOf(tails) < chunk
    position = isLast ? undefined : { score: Number(score), member }
    yield { tails, end: position }
    if (isLast) return
  }
}
