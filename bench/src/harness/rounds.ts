import { startChild } from './child.js'

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
 * Measures contenders in interleaved rounds, each round beginning with another one, so that whatever else the machine does
 * affects all of them alike. Two processes of one program can differ by a tenth, so each may be started several times.
 */
export async function measureRounds<Sample>(
  names: readonly string[],
  { rounds, starts = 1 }: Rounds,
  start: (name: string) => Promise<Running<Sample>>,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(names.map((name) => [name, []]))
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

/** A contender in a process of its own, whose program answers `measure`. */
export async function inProcess<Asked extends { measure: () => unknown }>(
  program: URL,
  args: readonly string[],
  execArgv: readonly string[] = [],
): Promise<Running<Awaited<ReturnType<Asked['measure']>>>> {
  const child = await startChild<{ measure: Asked['measure'] }>(program, args, execArgv)
  return { measure: () => child.ask('measure'), stop: () => child.stop() }
}

/** The list from its `by`th element on, followed by the others. */
function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}
