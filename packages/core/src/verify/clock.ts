import { performance } from 'node:perf_hooks'
import { coarseTick } from './ticker.js'

/** When something was read: by the host's clock, and by a monotonic one. */
export interface Moment {
  readonly at: number
  readonly tick: number
}

/**
 * The times that verification needs. Expiry is judged by the host's clock; ages by a monotonic one, since the host's
 * may be set back, which must not lengthen the bound of a revocation. A clock that the host passed in counts for ages
 * too.
 */
export interface Clock {
  /** The host's clock, epoch milliseconds. */
  now(): number
  moment(): Moment
  /** Whether what was read then is younger than the limit. */
  isRecent(at: number, tick: number, limit: number): boolean
  /** A stamp of this moment; `rough` ones may lag by a tenth of a second, and cost nothing. */
  stamp(rough: boolean): number
  /** A stamp as epoch milliseconds. */
  stampedAt(stamp: number): number
}

/** Closer than this to a limit, the rough clock is not trusted: a blocked event loop may have delayed it so much. */
const MARGIN = 1_000

export function createClock(hostClock: (() => number) | undefined): Clock {
  function recentTick(tick: number, limit: number): boolean {
    return coarseTick() - tick < limit - MARGIN || performance.now() - tick < limit
  }

  if (hostClock !== undefined) {
    return {
      now: hostClock,
      moment: () => ({ at: hostClock(), tick: performance.now() }),
      isRecent(at, tick, limit) {
        const age = hostClock() - at
        return age >= 0 && age < limit && recentTick(tick, limit)
      },
      stamp: () => hostClock(),
      stampedAt: (stamp) => stamp,
    }
  }
  return {
    now: Date.now,
    moment: () => ({ at: Date.now(), tick: performance.now() }),
    isRecent: (_at, tick, limit) => recentTick(tick, limit),
    stamp: (rough) => (rough ? coarseTick() : Math.ceil(performance.now())),
    stampedAt: (stamp) => Math.round(Date.now() - (performance.now() - stamp)),
  }
}
