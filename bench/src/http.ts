import { FRAMEWORKS, GUARD_NAMES } from './http/guarded.js'
import { type HttpFigures, startServer } from './http/measure.js'
import { findWrk } from './http/wrk.js'
import { choose, readArgumentsWith } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { knownToken } from './lib/issue.js'
import { median, rotated } from './lib/median.js'
import { report } from './lib/report.js'

/*
 * What a guard costs in a real server: one JSON route of Express 5 or Koa 3, behind each guard in turn, under as many
 * requests as it can answer. All are sent the same header, except those that take JWTs. Each server is a process of its
 * own; in every round each gets a second of requests, and ratios are taken within the rounds, so that whatever else the
 * machine does meets all alike. Two processes of one program differ, too, by as much as a tenth, so each server is started
 * several times (`--starts`).
 */

const options = readArgumentsWith({ rounds: 21, starts: 3 })
const all = FRAMEWORKS.flatMap((framework) =>
  GUARD_NAMES.map((guard) => ({ name: `${framework}-${guard}`, framework, guard, rounds: [] as HttpFigures[] })),
)
const servers = choose(all, options.only)
const known = await knownToken()
await findWrk()

for (let start = 0; start < options.starts; start++) {
  const running = []
  for (const { framework, guard, rounds } of servers) {
    running.push({ server: await startServer(framework, guard, known), rounds })
  }
  for (let round = 0; round < Math.ceil(options.rounds / options.starts); round++) {
    for (const { server, rounds } of rotated(running, round)) rounds.push(await server.measure())
  }
  await Promise.all(running.map(({ server }) => server.stop()))
}

const rows = servers.map(({ name, framework, rounds }) => ({
  name,
  rps: Math.round(median(rounds.map(({ rps }) => rps))),
  p99Us: Math.round(median(rounds.map(({ p99Us }) => p99Us))),
  cpuUs: Math.round(10 * median(rounds.map(({ cpuUs }) => cpuUs))) / 10,
  ...ratio('ofBare', rounds, `${framework}-bare`, 'rps'),
  ...ratio('ofFloor', rounds, `${framework}-floor`, 'rps'),
  ...ratio('ofUntracked', rounds, `${framework}-latchkey-untracked`, 'rps'),
  ...ratio('p99OfBare', rounds, `${framework}-bare`, 'p99Us'),
  ...ratio('cpuOfFloor', rounds, `${framework}-floor`, 'cpuUs'),
}))
report('http', rows, options.json)
if (options.check) checkBounds('http', rows, options.only)

/** The median of the ratios of each round to the same round of another server, if that was measured. */
function ratio(
  name: string,
  rounds: readonly HttpFigures[],
  base: string,
  figure: keyof HttpFigures,
): Record<string, number> {
  const others = servers.find((server) => server.name === base)?.rounds
  if (others === undefined) return {}
  const ratios = rounds.flatMap((round, at) => {
    const other = others[at]
    return other === undefined ? [] : [round[figure] / other[figure]]
  })
  return { [name]: Math.round(1000 * median(ratios)) / 1000 }
}
