import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** How often the delay of the event loop is sampled, in ms. */
const RESOLUTION = 1

/** Fails the benchmark: a contender that does not do its work is not worth measuring. */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The benchmark expects that ${what}`)
}

/** Watches how late the event loop of this thread is. `end` tells, without the milliseconds of the sampling itself. */
export function watchEventLoop() {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  const ms = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION)
  return {
    end() {
      delay.disable()
      return {
        delayP50Ms: ms(delay.percentile(50)),
        delayP99Ms: ms(delay.percentile(99)),
        delayMaxMs: ms(delay.max),
      }
    },
  }
}

/** Bytes in use after garbage collection. Needs `--expose-gc`. */
export async function memoryInUse() {
  // Objects with finalizers go with the collection after the next.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await nextTurn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return { heap: heapUsed, external, bytes: heapUsed + external }
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

/** The smallest sample that this share of the samples does not exceed; `NaN` if there are none. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** Of times in ms. */
export function percentiles(times: readonly number[]) {
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99), maxMs: quantile(times, 1) }
}
