import { runBenchmark } from './harness/benchmark.js'
import type { Bound } from './harness/bounds.js'
import type { Row } from './harness/report.js'
import { measureRounds } from './harness/rounds.js'
import { median } from './harness/statistics.js'
import { FRAMEWORKS, GUARD_NAMES, PEER_GUARDS } from './http/guards.js'
import { type Figures, startServer } from './http/measure.js'
import { findWrk } from './http/wrk.js'

type Samples = ReadonlyMap<string, readonly Figures[]>

const CASES = FRAMEWORKS.flatMap((framework) =>
  GUARD_NAMES.map((guard) => ({ name: `${framework}-${guard}`, framework, guard })),
)

await runBenchmark({
  name: 'http',
  title: 'A guard in a server',
  about: `
One JSON route of Express 5 or Koa 3 behind each guard, under as many requests as it can answer on 32 connections. \`bare\` has
no guard. \`floor\` does the least that any check must do, in a middleware written by hand. Ratios are medians of the ratios
within the rounds.

Each server has a process of its own, and two processes of one program differ by up to a tenth. With \`--one-process\` one
process serves all guards, which take over from each other every 250 requests: that compares Latchkey with the floor.`,
  cases: CASES.map(({ name }) => name),
  options: { rounds: 21, starts: 3, 'one-process': false },
  bounds: (options) => FRAMEWORKS.flatMap((framework) => boundsOf(framework, options['one-process'])),
  async measure({ cases, rounds, starts, 'one-process': oneProcess }) {
    await findWrk()
    return rowsOf(oneProcess ? await inOneProcess(cases, rounds) : await inOwnProcesses(cases, { rounds, starts }))
  },
})

function boundsOf(framework: string, oneProcess: boolean): Bound[] {
  const row = `${framework}-latchkey`
  const peers = PEER_GUARDS.map((peer) => ({
    ...{ row, figure: 'rps', per: `${framework}-${peer}`, atLeast: 1, reason: 'ahead of every peer' },
  }))
  if (!oneProcess) return peers
  // On Node 20 each new member of a request of Express takes 3 µs.
  const ofFloor = framework === 'express' ? 0.9 : 0.95
  return [
    { row, figure: 'ofFloor', atLeast: ofFloor, reason: 'a guard costs little more than the least that it must do' },
    { row, figure: 'ofUntracked', atLeast: 0.97, reason: 'noting last uses is nearly free' },
    ...peers,
  ]
}

/** A second of requests for each server in each round. */
function inOwnProcesses(cases: readonly string[], rounds: { rounds: number; starts: number }): Promise<Samples> {
  return measureRounds(cases, rounds, async (name) => {
    const found = CASES.filter((each) => each.name === name)
    const server = await startServer(
      found[0]?.framework ?? 'koa',
      found.map(({ guard }) => guard),
    )
    return { measure: () => server.load(1), stop: () => server.stop() }
  })
}

/** As many seconds for all guards of a framework as they would have in processes of their own. */
async function inOneProcess(cases: readonly string[], rounds: number): Promise<Samples> {
  const samples = new Map<string, readonly Figures[]>()
  for (const framework of FRAMEWORKS) {
    const chosen = CASES.filter((each) => each.framework === framework && cases.includes(each.name))
    if (chosen.length === 0) continue
    const server = await startServer(
      framework,
      chosen.map(({ guard }) => guard),
    )
    await server.load(rounds * chosen.length)
    const turns = await server.turns()
    for (const [i, { name }] of chosen.entries()) samples.set(name, turns[i] ?? [])
    await server.stop()
  }
  return samples
}

function rowsOf(samples: Samples): Row[] {
  return [...samples].map(([name, figures]) => {
    const [framework = ''] = name.split('-')
    const ratio = (column: string, base: string, figure: keyof Figures) =>
      ratioOf(column, figures, samples.get(`${framework}-${base}`), figure)
    return {
      name,
      rps: median(figures.map(({ rps }) => rps)),
      ...(figures[0]?.p99Us !== undefined && { p99Us: median(figures.map(({ p99Us = Number.NaN }) => p99Us)) }),
      cpuUs: median(figures.map(({ cpuUs }) => cpuUs)),
      ...ratio('ofBare', 'bare', 'rps'),
      ...ratio('ofFloor', 'floor', 'rps'),
      ...ratio('ofUntracked', 'latchkey-untracked', 'rps'),
      ...ratio('p99OfBare', 'bare', 'p99Us'),
      ...ratio('cpuOfFloor', 'floor', 'cpuUs'),
    }
  })
}

/** The median of the ratios to another server in the same round, if both have that figure. */
function ratioOf(
  column: string,
  figures: readonly Figures[],
  others: readonly Figures[] = [],
  figure: keyof Figures,
): Record<string, number> {
  const ratios = figures.flatMap((own, round) => {
    const [a, b] = [own[figure], others[round]?.[figure]]
    return a === undefined || b === undefined ? [] : [a / b]
  })
  return ratios.length === 0 ? {} : { [column]: median(ratios) }
}
