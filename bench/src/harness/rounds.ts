import { pathToFileURL } from 'node:url'
import { startChild } from './child.js'
import { median } from './observe.js'
import type { Row } from './report.js'

export type Figures = Readonly<Record<string, number>>

/** What a benchmark prepares in the process of one case. */
export type Contender = {
  readonly measure: () => Promise<Figures>
  /** Removes what it has made. */
  readonly stop?: () => Promise<unknown>
}

/** A contender that is ready to be measured. */
export interface Running<Sample> {
  measure(): Promise<Sample>
  stop(): Promise<unknown>
}

export interface Rounds {
  readonly rounds: number
  /** How often each contender is started anew, over which its rounds are spread. Default: 1. */
  readonly starts?: number
}

/**
 * Measures contenders in interleaved rounds, each round beginning with another one, so that whatever else the machine
 * does affects all of them alike. Two processes of one program can differ by a tenth, so each may be started several
 * times.
 */
export async function measureRounds<Sample>(
  names: readonly string[],
  { rounds, starts: mostStarts = 1 }: Rounds,
  start: (name: string) => Promise<Running<Sample>>,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(names.map((name) => [name, []]))
  const starts = Math.min(mostStarts, rounds)
  for (let i = 0; i < starts; i++) {
    const running: (Running<Sample> & { readonly name: string })[] = []
    try {
      for (const name of names) running.push({ name, ...(await start(name)) })
      for (let round = 0; round < Math.ceil(rounds / starts); round++) {
        for (const { name, measure } of rotated(running, round + i)) samples.get(name)?.push(await measure())
      }
    } finally {
      await Promise.all(running.map(({ stop }) => stop()))
    }
  }
  return samples
}

/** Measures the contenders of a benchmark, each in a process of its own that runs the same program. */
export async function measureContenders(
  names: readonly string[],
  rounds: Rounds,
  execArgv: readonly string[] = [],
): Promise<Row[]> {
  const [, program = '', ...args] = process.argv
  const samples = await measureRounds<Figures>(names, rounds, async (name) => {
    const url = pathToFileURL(program)
    const child = await startChild<Required<Contender>>(url, [...args, `--contender=${name}`], execArgv)
    return {
      measure: () => child.ask('measure'),
      stop: () => child.ask('stop').then(() => child.stop()),
    }
  })
  return medianRows(samples)
}

/** Rows with the median of each figure by itself. */
export function medianRows(samples: ReadonlyMap<string, readonly Figures[]>): Row[] {
  return [...samples].map(([name, rounds]) => {
    const figures = Object.keys(rounds[0] ?? {})
    const medians = figures.map((figure) => [figure, median(rounds.map((round) => round[figure] ?? Number.NaN))])
    return { name, ...Object.fromEntries(medians) }
  })
}

/** Does something with each item, so many at once. */
export async function inLanes<T>(lanes: number, items: IterableIterator<T>, run: (item: T) => Promise<unknown>) {
  const lane = async () => {
    for (const item of items) await run(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** The list from its `by`th element on, followed by the others. */
function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}
