import { runBenchmark } from './harness/benchmark.js'
import type { Row } from './harness/report.js'
import { CONTROLS, timeCauses } from './timing/causes.js'

/** Beyond this, chance is no explanation: the usual threshold in tests for timing leaks. */
const SIGNIFICANT = 4.5
/** In ns. */
const MAX_DIFFERENCE = 50_000
/** The slowest samples were interrupted by something else. */
const KEPT = 0.95

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
than those of the controls, which differ only by where their tokens lie in memory: their t alone can be far from 0. "Timing tells a
little" in [SECURITY.md](../../SECURITY.md#accepted-risks) says what somebody can learn from the differences, and why we accept that.`,
  cases: [],
  options: { samples: 20_000 },
  bounds: () =>
    PAIRS.slice(0, 11).map(([first, second]) => ({
      row: `${first}:${second}`,
      figure: 'differenceNs',
      atMost: MAX_DIFFERENCE,
      atLeast: -MAX_DIFFERENCE,
      reason: 'no refusal runs a slow hash, which takes 10,000,000 ns',
    })),
  measure: async ({ samples }) => compare(await timeCauses(samples)),
})

function compare(samples: ReadonlyMap<string, readonly number[]>): Row[] {
  const compared = PAIRS.map(([first, second, tells]) => {
    const [a, b] = [distributionOf(samples.get(first)), distributionOf(samples.get(second))]
    const differenceNs = b.mean - a.mean
    // Welch's t: by how many standard errors the means differ.
    const t = differenceNs / Math.sqrt(a.variance / a.count + b.variance / b.count)
    return { first, second, tells, a, b, differenceNs, t }
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

/** Of the fastest 95 % of the samples. */
function distributionOf(samples: readonly number[] = []) {
  const kept = [...samples].sort((a, b) => a - b).slice(0, Math.floor(KEPT * samples.length))
  const count = kept.length
  const mean = kept.reduce((sum, value) => sum + value, 0) / count
  const variance = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  return { count, mean, variance }
}
