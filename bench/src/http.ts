import { runBenchmark } from './harness/benchmark.js'
import type { Bound } from './harness/bounds.js'
import { expect, median } from './harness/observe.js'
import type { Row } from './harness/report.js'
import { type Figures, measureRounds, medianRows, type Rounds } from './harness/rounds.js'
import { type KnownToken, knownToken } from './harness/tokens.js'
import { FRAMEWORK_NAMES, type FrameworkName, type GuardName, guardsOf, peersOf } from './http/guards.js'
import { startServer } from './http/load.js'

type Samples = ReadonlyMap<string, readonly Figures[]>

/** Columns: the figure of a server, divided by that of another one in the same round. */
const RATIOS = {
  ofBare: ['rps', 'bare'],
  ofFloor: ['rps', 'floor'],
  ofUntracked: ['rps', 'latchkey-untracked'],
  p99OfBare: ['p99Us', 'bare'],
  cpuOfFloor: ['cpuUs', 'floor'],
} as const

const CASES = FRAMEWORK_NAMES.flatMap((framework) => guardsOf(framework).map((guard) => `${framework}-${guard}`))

await runBenchmark({
  name: 'http',
  title: 'A guard in a server',
  about: `
One JSON route of Express 5, Fastify 5, Hono 4 or Koa 3 behind each guard, under as many requests as it can answer on 32 connections. \`bare\` has
no guard. \`floor\` does the least that any check must do, in a middleware written by hand. Ratios are medians of the ratios
within the rounds.

Each server has a process of its own, and two processes of one program differ by up to a tenth. With \`--one-process\` one
process serves all guards, which take over from each other every 250 requests: that compares Latchkey with the floor.`,
  cases: CASES,
  options: { rounds: 21, starts: 3, 'one-process': false },
  bounds: (options) => FRAMEWORK_NAMES.flatMap((framework) => boundsOf(framework, options['one-process'])),
  async measure({ cases, rounds, starts, 'one-process': oneProcess }) {
    const known = await knownToken()
    const samples = oneProcess
      ? await inOneProcess(cases, known, rounds)
      : await inOwnProcesses(cases, known, { rounds, starts })
    return rowsOf(samples)
  },
})

function boundsOf(framework: FrameworkName, oneProcess: boolean): Bound[] {
  const row = `${framework}-latchkey`
  const peers = peersOf(framework).map((peer) => ({
    row,
    figure: 'rps',
    per: `${framework}-${peer}`,
    atLeast: 1,
    reason: 'ahead of every peer',
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
function inOwnProcesses(cases: readonly string[], known: KnownToken, rounds: Rounds): Promise<Samples> {
  return measureRounds(cases, rounds, async (name) => {
    const { framework, guard } = partsOf(name)
    const server = await startServer({ framework, guards: [guard], known })
    return { measure: () => server.load(1), stop: () => server.stop() }
  })
}

/** As many seconds for all guards of a framework as they would have in processes of their own. */
async function inOneProcess(cases: readonly string[], known: KnownToken, rounds: number): Promise<Samples> {
  const samples = new Map<string, readonly Figures[]>()
  for (const framework of FRAMEWORK_NAMES) {
    const names = cases.filter((name) => partsOf(name).framework === framework)
    if (names.length === 0) continue
    const server = await startServer({ framework, guards: names.map((name) => partsOf(name).guard), known })
    await server.load(rounds * names.length)
    const turns = await server.turns()
    expect(
      turns.every((blocks) => blocks.length > 0),
      'every guard has a turn (more --rounds give it more time)',
    )
    for (const [i, name] of names.entries()) samples.set(name, turns[i] ?? [])
    await server.stop()
  }
  return samples
}

/** Of a name in `CASES`. */
function partsOf(name: string): { framework: FrameworkName; guard: GuardName } {
  const dash = name.indexOf('-')
  return { framework: name.slice(0, dash) as FrameworkName, guard: name.slice(dash + 1) as GuardName }
}

function rowsOf(samples: Samples): Row[] {
  return medianRows(samples).map((row) => {
    const { framework } = partsOf(row.name)
    const ratios = Object.entries(RATIOS).flatMap(([column, [figure, base]]) => {
      const others = samples.get(`${framework}-${base}`) ?? []
      const each = samples.get(row.name)?.flatMap((own, round) => ratio(own[figure], others[round]?.[figure])) ?? []
      return each.length > 0 ? [[column, median(each)]] : []
    })
    return { ...row, ...Object.fromEntries(ratios) }
  })
}

function ratio(a?: number, b?: number): number[] {
  return a === undefined || b === undefined ? [] : [a / b]
}
