import { performance } from 'node:perf_hooks'

/** One point in time on both clocks, in milliseconds. */
export interface Moment {
  /** By the host's clock, since the epoch. */
  readonly host: number
  /** By a monotonic clock, in whole milliseconds. */
  readonly monotonic: number
}

/**
 * Tells the time and the age of cached data. An age is measured by two clocks, and the larger result counts. The
 * monotonic clock notices that the host's clock was set back. The host's clock notices that the machine was suspended,
 * while the monotonic one stood still. So neither can lengthen the bound of a revocation.
 */
export interface Clock {
  /** The host's clock, in epoch milliseconds. */
  now(): number
  moment(): Moment
  /** Whether less than `maxAge` milliseconds have passed since `then`. `now`: a reading of the host's clock. */
  isRecent(then: Moment, maxAge: number, now?: number): boolean
}

/** The coarse clock may be this late without a check by the precise one: far more than an event loop is held up. */
const COARSE_MARGIN = 1_000
/** How often the coarse clock is set while it is read, in ms. */
const COARSE_INTERVAL = 100

/** `hostClock` returns epoch milliseconds. Its readings may jump in either direction. */
export function createClock(hostClock: () => number): Clock {
  const coarseClock = createCoarseClock()

  /** Reads the precise monotonic clock only close to the end: it would take a tenth of a cached verification. */
  function isBefore(end: number): boolean {
    return coarseClock() < end - COARSE_MARGIN || performance.now() < end
  }

  return {
    now: hostClock,
    moment: () => ({ host: hostClock(), monotonic: Math.floor(performance.now()) }),
    isRecent({ host, monotonic }, maxAge, now = hostClock()) {
      const age = now - host
      return age >= 0 && age < maxAge && isBefore(monotonic + maxAge)
    },
  }
}

/**
 * A monotonic clock that costs nothing to read, because a timer sets it. It runs behind by `COARSE_INTERVAL` and
 * whatever holds up the event loop. The timer stops when nobody reads the clock.
 */
function createCoarseClock(): () => number {
  let time = 0
  let timer: NodeJS.Timeout | undefined
  let wasRead = false

  function set(): void {
    if (!wasRead) {
      clearInterval(timer)
      timer = undefined
    }
    wasRead = false
    time = performance.now()
  }

  return () => {
    if (timer === undefined) {
      timer = setInterval(set, COARSE_INTERVAL).unref()
      time = performance.now()
    }
    wasRead = true
    return time
  }
}
