import { StoreError, type TokenStore } from '@latchkey/core'
import type { EnvironmentStore } from '@latchkey/core/store'
import { quantile, watchEventLoop } from '../harness/observe.js'
import { type Row, rounded } from '../harness/report.js'
import type { Figures } from '../harness/rounds.js'
import type { BenchData } from '../stores/store-kind.js'

/** What is measured. */
export interface Subject {
  readonly data: BenchData
  readonly address: string
  readonly store: TokenStore
  readonly environment: EnvironmentStore
  /** Of all tokens. */
  readonly ids: readonly string[]
  /** How often a list is read. */
  readonly runs: number
  readonly meter: Meter
}

export type Meter = ReturnType<typeof createMeter>

/** Measures rows, and writes each to stderr, since a run takes minutes. */
export function createMeter(data: BenchData) {
  const rows: Row[] = []

  /** Adds a row. If the store gave up at its own deadline, the row has the error in the place of figures. */
  async function add(name: string, measure: () => Promise<Figures>): Promise<void> {
    await data.longestCommand?.()
    const figures = await measure().catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error
      return { error: error.message }
    })
    const longest = await data.longestCommand?.()
    const row = { name, ...figures, ...(longest !== undefined && { longestMs: longest }) }
    rows.push(row)
    process.stderr.write(`latchkey: measured ${JSON.stringify(rounded(row))}\n`)
  }

  return {
    rows,
    /** Runs one after another, after one run that is not counted. */
    time: (name: string, runs: number, run: (i: number) => Promise<unknown>) =>
      add(name, async () => {
        await run(0)
        const times: number[] = []
        const cpu = process.cpuUsage()
        for (let i = 1; i <= runs; i++) {
          const start = performance.now()
          await run(i)
          times.push(performance.now() - start)
        }
        const { user, system } = process.cpuUsage(cpu)
        return { ...figuresOf(times), cpuMs: (user + system) / 1_000 / runs }
      }),
    /** Something that is done once, and measures itself. */
    once: add,
    /** How late the event loop of this thread is while something runs, and the figures that it resolves to. */
    eventLoop: (name: string, run: () => Promise<Figures> | Promise<void>) =>
      add(`event-loop delay during ${name}`, async () => {
        const eventLoop = watchEventLoop()
        const figures = await run()
        const { delayP50Ms, delayP99Ms } = eventLoop.end()
        return { p50Ms: delayP50Ms, p99Ms: delayP99Ms, ...(figures ?? {}) }
      }),
    /** Times that were measured elsewhere, in ms. */
    times: (name: string, times: readonly number[]) => add(name, async () => figuresOf(times)),
  }
}

function figuresOf(times: readonly number[]) {
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) }
}
