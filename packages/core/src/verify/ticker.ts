import { performance } from 'node:perf_hooks'

/** How often the tick is renewed while it is in use, in ms. */
const PERIOD = 100

let tick = 0
let timer: NodeJS.Timeout | undefined
let used = false

/**
 * Monotonic milliseconds, as whole numbers, at most `PERIOD` and the present delay of the event loop behind, which has
 * no limit: a second clock for the hot path, where reading a real one would cost a tenth of the whole. Its timer stops when nobody asks.
 */
export function coarseTick(): number {
  used = true
  if (timer === undefined) {
    renew()
    timer = setInterval(tend, PERIOD).unref()
  }
  return tick
}

function tend(): void {
  if (used) renew()
  else {
    clearInterval(timer)
    timer = undefined
  }
  used = false
}

function renew(): void {
  tick = Math.floor(performance.now())
}
