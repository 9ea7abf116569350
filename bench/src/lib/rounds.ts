import { median, rotated } from './median.js'

/** Something to be timed: `run` does it `times` times. */
export interface Contender {
  readonly name: string
  run(times: number): void | Promise<void>
}

export interface Timing {
  readonly name: string
  /** Median over the rounds, nanoseconds for one. */
  readonly ns: number
}

/** How long one contender runs in one round, in ms: short, so that a disturbance seldom meets one alone. */
const SLICE = 5

/**
 * Times contenders in interleaved rounds, so that whatever else the machine does meets all of them alike, and gives
 * the median of each.
 */
export async function timeRounds(contenders: readonly Contender[], rounds: number): Promise<Timing[]> {
  const sized = []
  for (const contender of contenders) {
    sized.push({ name: contender.name, time: await sliceOf(contender), samples: [] as number[] })
  }
  for (let round = 0; round < rounds; round++) {
    for (const { time, samples } of rotated(sized, round)) samples.push(await time())
  }
  return sized.map(({ name, samples }) => ({ name, ns: median(samples) }))
}

/** Warms the contender up, and finds how often it fits into a slice, which then takes nanoseconds for one. */
export async function sliceOf(contender: Contender): Promise<() => Promise<number>> {
  const times = await timesPerSlice(contender)
  return async () => {
    // Others have had the caches of the processor meanwhile.
    await contender.run(Math.ceil(times / 4))
    return time(contender, times)
  }
}

/** Runs until it is warm, and finds how many fit into a slice. */
async function timesPerSlice(contender: Contender): Promise<number> {
  let times = 1
  for (let spent = 0; spent < 40 * SLICE; ) {
    const ns = await time(contender, times)
    spent += (ns * times) / 1e6
    times = Math.max(1, Math.min(times * 4, Math.round((SLICE * 1e6) / ns)))
  }
  return times
}

async function time(contender: Contender, times: number): Promise<number> {
  const start = process.hrtime.bigint()
  const running = contender.run(times)
  if (running !== undefined) await running
  return Number(process.hrtime.bigint() - start) / times
}
