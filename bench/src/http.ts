import { FRAMEWORKS, GUARD_NAMES } from './http/guarded.js'
import { type HttpFigures, measure } from './http/measure.js'
import { findWrk } from './http/wrk.js'
import { choose, readBenchArguments } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { knownToken } from './lib/issue.js'
import { median, rotated } from './lib/median.js'
import { report } from './lib/report.js'

/*
 * What a guard costs in a real server: one JSON route of Express 5 or Koa 3, behind each guard in turn, under as many
 * requests as it can answer. Every round has a fresh process for each server. All are sent the same header, except
 * those that take JWTs.
 */

const options = readBenchArguments(5)
const all = FRAMEWORKS.flatMap((framework) =>
  GUARD_NAMES.map((guard) => ({ name: `${framework}-${guard}`, framework, guard, rounds: [] as HttpFigures[] })),
)
const servers = choose(all, options.only)
const known = await knownToken()
await findWrk()

for (let round = 0; round < options.rounds; round++) {
  for (const { framework, guard, rounds } of rotated(servers, round)) {
    rounds.push(await measure(framework, guard, known))
  }
}

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
