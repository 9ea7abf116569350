import { measureAbuse } from './abuse/attack.js'
import { runBenchmark } from './harness/benchmark.js'
import type { Bound } from './harness/bounds.js'
import { ATTACKED, type FrameworkName } from './http/guards.js'

const ATTACKS = ['quiet', 'abandoned', 'unread', 'rotations'] as const

await runBenchmark({
  name: 'abuse',
  title: 'Abuse by the holder of a valid token',
  about: `
What a token that may read, or may do nothing but rotate itself, does to a host with 20,000 tokens in memory and the default
hasher. \`quiet\`: nothing. \`abandoned\`: 600 lists of 10,000 rows, whose client leaves at once. \`unread\`: 150 such lists whose
client reads nothing. \`rotations\`: 1,300 rotations of one token, whose bodies are held back and then sent at once.

A neighbour with another owner asks for a list of 100 all the time: \`neighbourP50Ms\`, \`neighbourP99Ms\`, and \`refused\` for those
that were not answered 200. \`firstUseMs\` is the longest first use of another neighbour's token. \`growthMiB\` is the most that the
resident memory grew, \`leftMiB\` what of it was left ten seconds after the attack and a garbage collection. \`hashes\` counts the
slow hashes of the attack. \`answered200\`, \`answered403\`, \`answered409\` and \`answered503\` are what the attacker got.`,
  cases: ATTACKED.flatMap((framework) => ATTACKS.map((attack) => `${framework}-${attack}`)),
  options: {},
  bounds: () => ATTACKED.flatMap(boundsOf),
  async measure({ cases }) {
    const rows = []
    for (const name of cases) {
      const [framework = '', attack = ''] = name.split('-')
      rows.push({ name, ...(await measureAbuse(framework as FrameworkName, attack as (typeof ATTACKS)[number])) })
    }
    return rows
  },
})

function boundsOf(framework: FrameworkName): Bound[] {
  const lists = ['abandoned', 'unread'].map((attack) => `${framework}-${attack}`)
  const rotations = `${framework}-rotations`
  return [
    ...lists.flatMap((row): Bound[] => [
      { row, figure: 'growthMiB', atMost: 300, reason: 'pages are bounded in number and bytes' },
      { row, figure: 'leftMiB', atMost: 100, reason: 'what nobody waits for is given up' },
    ]),
    ...[...lists, rotations].flatMap((row): Bound[] => [
      { row, figure: 'neighbourP99Ms', atMost: 1_000, reason: 'a neighbour does not feel it' },
      { row, figure: 'refused', atMost: 0, reason: 'a neighbour is never refused' },
    ]),
    { row: rotations, figure: 'hashes', atMost: 4, reason: 'one rotation is under way per token' },
    { row: rotations, figure: 'firstUseMs', atMost: 1_000, reason: 'issuance does not hold up verification' },
  ]
}
