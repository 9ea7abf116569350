import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { StoreError } from '@latchkey/core'

export interface Row {
  name: string
  p50Ms: number
  p99Ms: number
  /** Inside a server: mean of a script, and the longest single command of all. */
  scriptUs?: number
  longestMs?: number
  /** Processor time of all threads of this process, per run: what the time would be about on a machine with no other work. */
  cpuMs?: number
}

/** What a store's server says of its own time, since the last reset. */
export interface ServerTimes {
  reset(): Promise<void>
  read(): Promise<{ scriptUs: number | undefined; longestMs: number }>
}

/** The row of a measurement that the store gave up at its own deadline; any other error is thrown on. */
export function failed(name: string): (error: unknown) => Row {
  return (error) => {
    if (!(error instanceof StoreError)) throw error
    return { name: `${name}: ${error.message}`, p50Ms: Number.NaN, p99Ms: Number.NaN }
  }
}

/** Runs one after another, after one run that does not count. */
export async function measure(name: string, runs: number, run: (i: number) => Promise<unknown>): Promise<Row> {
  await run(0)
  const times: number[] = []
  const cpu = process.cpuUsage()
  for (let i = 1; i <= runs; i++) {
    const start = performance.now()
    await run(i)
    times.push(performance.now() - start)
  }
  const { user, system } = process.cpuUsage(cpu)
  return { ...rowOf(name, times), cpuMs: round((user + system) / 1_000 / runs) }
}

/**
 * Several measurements, a run of each in turn, after one round that does not count: what the machine does meanwhile, and
 * what was read before, is the same for all. What the server says is asked around each run.
 */
export async function measureInTurns(
  measurements: readonly { name: string; run: () => Promise<unknown> }[],
  runs: number,
  server: ServerTimes | undefined,
): Promise<Row[]> {
  const all = measurements.map((one) => ({
    ...one,
    times: [] as number[],
    cpu: 0,
    scriptUs: [] as number[],
    longest: 0,
  }))
  for (let turn = 0; turn <= runs; turn++) {
    for (const one of all) {
      await server?.reset()
      const cpu = process.cpuUsage()
      const start = performance.now()
      await one.run()
      const time = performance.now() - start
      const { user, system } = process.cpuUsage(cpu)
      const inside = await server?.read()
      if (turn === 0) continue
      one.times.push(time)
      one.cpu += user + system
      if (inside?.scriptUs !== undefined) one.scriptUs.push(inside.scriptUs)
      one.longest = Math.max(one.longest, inside?.longestMs ?? 0)
    }
  }
  return all.map(({ name, times, cpu, scriptUs, longest }) => ({
    ...rowOf(name, times),
    cpuMs: round(cpu / 1_000 / runs),
    ...(server && { longestMs: longest }),
    ...(scriptUs.length > 0 && { scriptUs: round(scriptUs.reduce((sum, us) => sum + us, 0) / scriptUs.length) }),
  }))
}

/** Sorts the times. */
export function rowOf(name: string, times: number[]): Row {
  times.sort((a, b) => a - b)
  const at = (share: number) => round(times[Math.floor(times.length * share)] ?? 0)
  return { name, p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** How late this thread's event loop is while something runs: the delay alone, without the timer's own millisecond. */
export async function measureDelay(name: string, run: () => Promise<unknown>): Promise<Row> {
  const resolution = 1
  const delay = monitorEventLoopDelay({ resolution })
  delay.enable()
  await run()
  delay.disable()
  const late = (percentile: number) => round(Math.max(0, delay.percentile(percentile) / 1e6 - resolution))
  return { name, p50Ms: late(50), p99Ms: late(99) }
}

function round(ms: number): number {
  return Number(ms.toPrecision(3))
}
