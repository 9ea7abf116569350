import type { RedisDeadline } from '../connection.js'
import type { Keyspace } from '../keyspace.js'
import { WALK } from '../scripts/read.js'
import { countOf, NO_TAILS, type Tails } from '../token-sets.js'

/** Members per command at most: one to two milliseconds of Redis. */
export const MAX_CHUNK = 3_000

/** Bounds of the score as Redis writes them: `5` is included, `(5` is not, and `-inf` and `+inf` are no bounds. */
export interface Interval {
  readonly min: string
  readonly max: string
}

/**
 * A part of a sorted set. It has two intervals only in the set of last uses: one of tokens never used, whose scores are
 * below zero, and behind it one of tokens that were used.
 */
export interface SortedRange {
  readonly key: string
  readonly intervals: readonly [Interval] | readonly [neverUsed: Interval, used: Interval]
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
  return { key, intervals: [{ min: '-inf', max: '+inf' }] }
}

/** Between the tokens never used and the others. */
const GAP: Row = { score: -0.5, member: Buffer.alloc(0) }

/**
 * The members of a range, chunk by chunk; there is at least one chunk. Each goes on behind the row with which the one
 * before ended, so members that others add or remove meanwhile make it skip and repeat no other.
 */
export async function* walk(keyspace: Keyspace, range: SortedRange, options: WalkOptions): AsyncGenerator<Chunk> {
  const { direction, after } = options
  const intervals: readonly Interval[] = direction === 'asc' ? range.intervals : range.intervals.toReversed()
  const [first, second] = intervals
  const isBehindGap = after !== undefined && (direction === 'asc' ? after.score >= 0 : after.score < 0)
  if (first !== undefined && !(second !== undefined && isBehindGap)) {
    for await (const chunk of walkInterval(keyspace, range.key, first, options)) {
      yield second !== undefined && chunk.end === undefined ? { ...chunk, end: GAP } : chunk
    }
  }
  if (second !== undefined) yield* walkInterval(keyspace, range.key, second, options)
}

async function* walkInterval(
  { connection }: Keyspace,
  key: string,
  { min, max }: Interval,
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
