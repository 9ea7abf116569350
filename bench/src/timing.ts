import { runBenchmark } from './harness/benchmark.js'
import type { Row } from './harness/report.js'
import { CONTROLS, createCauses } from './timing/causes.js'
import { sampleInterleaved, WARM_UP } from './timing/sample.js'
import { type Distribution, distributionOf, welch } from './timing/welch.js'

/** Beyond this, chance is no explanation: the usual threshold in tests for timing leaks. */
const SIGNIFICANT = 4.5
/** In ns. */
const MAX_DIFFERENCE = 50_000

/** What somebody learns who can tell the two causes apart. */
const PAIRS = [
  ...CONTROLS.map((control) => ['wrong-secret', control, 'nothing: a control'] as const),
  ['unknown-first', 'wrong-secret-first', 'whether an id exists that was not used lately'],
  ['unknown', 'wrong-secret', 'whether an id exists'],
  ['wrong-secret', 'disabled-wrong-secret', 'whether a known id is disabled'],
  ['wrong-secret', 'expired-wrong-secret', 'whether a known id has expired'],
  ['wrong-secret', 'retired-secret', 'whether a secret was right once'],
  ['wrong-secret', 'disabled', 'whether the secret of a disabled token is right'],
  ['disabled', 'expired', 'why a token with a right secret is refused'],
  ['disabled', 'owner-unknown', 'why a token with a right secret is refused'],
  ['wrong-secret-first', 'wrong-secret', 'whether an id was used on this node lately'],
  ['unknown-first', 'unknown', 'whether an unknown id was tried lately'],
  ['checksum', 'unknown', 'whether a checksum is right'],
  ['checksum-of-known', 'wrong-secret', 'whether a checksum is right, of a known id'],
  ['junk', 'checksum', 'whether a text has the shape of a token'],
] as const

await runBenchmark({
  name: 'timing',
  title: 'What the time of a refusal tells',
  about: `
All 401 answers look the same. Here each cause is timed in process, where no network hides a difference, and pairs of causes are
compared by Welch's t over the fastest 95 % of interleaved samples. A difference is \`real\` if t is beyond ${SIGNIFICANT} and it is larger
than those of the controls, which differ only by where their tokens lie in memory. What the differences tell, and why that is
accepted, is in [SECURITY.md](../../SECURITY.md).`,
  cases: [],
  options: { samples: 20_000 },
  bounds: () =>
    PAIRS.slice(0, 11).map(([first, second]) => ({
      ...{ row: `${first}:${second}`, figure: 'differenceNs', atMost: MAX_DIFFERENCE, atLeast: -MAX_DIFFERENCE },
      reason: 'no refusal runs a slow hash, which takes 10,000,000 ns',
    })),
  async measure({ samples: count }) {
    const { causes, close } = await createCauses(count + WARM_UP)
    const samples = await sampleInterleaved(causes, count)
    await close()
    const distributions = new Map([...samples].map(([name, times]) => [name, distributionOf(times)]))
    return compare(distributions)
  },
})

function compare(distributions: ReadonlyMap<string, Distribution>): Row[] {
  const compared = PAIRS.map(([first, second, tells]) => {
    const [a, b] = [distributions.get(first), distributions.get(second)]
    if (a === undefined || b === undefined) throw new Error(`${first} and ${second} were not timed`)
    return { first, second, tells, a, b, differenceNs: b.mean - a.mean, t: welch(a, b) }
  })
  const controls = compared.slice(0, CONTROLS.length)
  const noise = Math.max(...controls.map(({ differenceNs }) => Math.abs(differenceNs)))
  return compared.map(({ first, second, tells, a, b, differenceNs, t }) => ({
    name: `${first}:${second}`,
    firstNs: a.mean,
    secondNs: b.mean,
    differenceNs,
    t,
    real: Math.abs(t) > SIGNIFICANT && Math.abs(differenceNs) > noise ? 'yes' : 'no',
    tells,
  }))
}
