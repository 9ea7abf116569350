import { performance } from 'node:perf_hooks'
import { coarseTick } from './ticker.js'

/**
 * What moments are counted from, in epoch milliseconds: the entries of a cache hold so many of them that they had better
 * be small integers, which engines keep without a box of their own.
 */
export const ORIGIN = Date.now()

/** The same moment since `ORIGIN`. A difference of large numbers is boxed, even a small one, unless it is made an integer. */
export function sinceOrigin(epochMs: number): number {
  const difference = epochMs - ORIGIN
  const integer = difference | 0
  return integer === difference ? integer : difference
}

/** A time by two clocks, in whole milliseconds: the host's, since `ORIGIN`, and a monotonic one. */
export interface Moment {
  readonly at: number
  readonly tick: number
}

/**
 * The times that verification needs. Ages are judged by two clocks. The host's tells when the process stood still: busy,
 * frozen or asleep, which no timer can. A monotonic one tells when the host's was set back, which must not lengthen the
 * bound of a revocation.
 */
export interface Clock {
  /** The host's clock, epoch milliseconds. */
  now(): number
  moment(): Moment
  /** Whether what was read then is younger than the limit. Asks the host's clock. */
  isRecent(at: number, tick: number, limit: number): boolean
}

/** Closer than this to a limit, the rough tick is not trusted: a busy event loop may have delayed it so much. */
const MARGIN = 1_000

/** Whether the monotonic clock has not come so far. Far from it, the rough tick can tell, which costs nothing. */
export function isTickBefore(until: number): boolean {
  return coarseTick() < until - MARGIN || performance.now() < until
}

export function createClock(hostClock: () => number): Clock {
  return {
    now: hostClock,
    moment: () => ({ at: sinceOrigin(hostClock()), tick: Math.floor(performance.now()) }),
    isRecent(at, tick, limit) {
      const age = hostClock() - ORIGIN - at
      return age >= 0 && age < limit && isTickBefore(tick + limit)
    },
  }
}
