import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the delay is sampled, in ms. */
const RESOLUTION = 1

export interface EventLoopDelay {
  readonly delayP50Ms: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
}

/** Watches how late the event loop of this thread is. `end` tells, without the milliseconds of the sampling itself. */
export function watchEventLoop(): { end(): EventLoopDelay } {
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
