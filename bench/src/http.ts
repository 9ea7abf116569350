import { FRAMEWORKS, GUARD_NAMES } from './http/guarded.js'
import { type HttpFigures, startServer } from './http/measure.js'
import { findWrk } from './http/wrk.js'
import { choose, readBenchArguments } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { knownToken } from './lib/issue.js'
import { median, rotated } from './lib/median.js'
import { report } from './lib/report.js'

/*
 * What a guard costs in a real server: one JSON route of Express 5 or Koa 3, behind each guard in turn, under as many
 * requests as it can answer. Each server is a process of its own; in every round each gets a second of requests, so that
 * whatever else the machine does meets all alike. All are sent the same header, except those that take JWTs.
 */

const options = readBenchArguments(21)
const all = FRAMEWORKS.flatMap((framework) =>
  GUARD_NAMES.map((guard) => ({ name: `${framework}-${guard}`, framework, guard, rounds: [] as HttpFigures[] })),
)
const servers = choose(all, options.only)
const known = await knownToken()
await findWrk()

const running = []
for (const { framework, guard, rounds } of servers) {
  running.push({ server: await startServer(framework, guard, known), rounds })
}
for (let round = 0; round < options.rounds; round++) {
  for (const { server, rounds } of rotated(running, round)) rounds.push(await server.measure())
}
await Promise.all(running.map(({ server }) => server.stop()))

const figures = servers.map(({ name, framework, rounds }) => ({
  name,
  framework,
  rps: Math.round(median(rounds.map(({ rps }) => rps))),
  p99Us: Math.round(median(rounds.map(({ p99Us }) => p99Us))),
  cpuUs: Math.round(10 * median(rounds.map(({ cpuUs }) => cpuUs))) / 10,
}))
const rows = figures.map(({ framework, ...row }) => {
  const of = (guard: string) => figures.find(({ name }) => name === `${framework}-${guard}`)?.rps
  return { ...row, ...ratio('ofBare', row.rps, of('bare')), ...ratio('ofFloor', row.rps, of('floor')) }
})
report('http', rows, options.json)
if (options.check) checkBounds('http', rows, options.only)

function ratio(name: string, value: number, base: number | undefined): Record<string, number> {
  return base === undefined ? {} : { [name]: Math.round((1000 * value) / base) / 1000 }
}
