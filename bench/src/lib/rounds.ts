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
  const slices: Slice[] = []
  for (const contender of contenders) slices.push({ name: contender.name, time: await sliceOf(contender) })
  return timeSlices(slices, rounds)
}

/** One slice of a contender's work, wherever that is done; resolves to nanoseconds for one. */
export interface Slice {
  readonly name: string
  time(): Promise<number>
}

export async function timeSlices(slices: readonly Slice[], rounds: number): Promise<Timing[]> {
  const taken = slices.map((slice) => ({ slice, samples: [] as number[] }))
  for (let round = 0; round < rounds; round++) {
    for (const { slice, samples } of rotated(taken, round)) samples.push(await slice.time())
  }
  return taken.map(({ slice, samples }) => ({ name: slice.name, ns: median(samples) }))
}

/** Warms the contender up, and finds how often it fits into a slice. */
export async function sliceOf(contender: Contender): Promise<() => Promise<number>> {
  const times = await timesPerSlice(contender)
  return () => time(contender, times)
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
