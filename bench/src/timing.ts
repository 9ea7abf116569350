import { readArgumentsWith } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { report } from './lib/report.js'
import { CONTROLS, causes } from './timing/causes.js'
import { sampleInterleaved, WARM_UP } from './timing/sample.js'
import { describe, welch } from './timing/welch.js'

/*
 * What the time of a refusal tells a stranger, to whom all 401 answers look the same: each cause is timed in this
 * process, where there is no network to hide a difference, and pairs of causes are compared by Welch's t test. Controls
 * are of one kind and differ all the same, by where their tokens lie in memory. `real` is a difference that is neither
 * chance nor as small as theirs; it may still be far too small to be seen from outside.
 */

/** Beyond this, chance is no explanation (the threshold that is usual in tests for leaks through time). */
const SIGNIFICANT = 4.5

/** What a stranger would know who could tell the two apart. */
const PAIRS = [
  ...CONTROLS.map((control) => ['wrong-secret', control, 'nothing: a control'] as const),
  ['unknown-first', 'wrong-secret-first', 'whether an id exists that was not used lately'],
  ['unknown', 'wrong-secret', 'whether an id exists'],
  ['wrong-secret', 'disabled-wrong-secret', 'whether a known id is disabled'],
  ['wrong-secret', 'expired-wrong-secret', 'whether a known id has expired'],
  ['wrong-secret', 'retired-secret', 'whether a secret was right once'],
  ['wrong-secret', 'disabled', 'whether the secret of a disabled token is right'],
  ['disabled', 'expired', 'why a token with a right secret is dead'],
  ['disabled', 'owner-unknown', 'why a token with a right secret is dead'],
  ['wrong-secret-first', 'wrong-secret', 'whether an id was used on this node lately'],
  ['unknown-first', 'unknown', 'whether an unknown id was asked for lately'],
  ['checksum', 'unknown', 'whether a checksum is right'],
  ['checksum-of-known', 'wrong-secret', 'whether a checksum is right, of a known id'],
  ['junk', 'checksum', 'whether something has the shape of a token'],
] as const

const options = readArgumentsWith({ samples: 20_000 })
const { all, close } = await causes(options.samples + WARM_UP)
const samples = await sampleInterleaved(all, options.samples)
await close()

const compared = PAIRS.map(([first, second, tells]) => {
  const [a, b] = [first, second].map((name) => describe(samples.get(name) ?? []))
  if (a === undefined || b === undefined) throw new Error(`${first} and ${second} were not timed`)
  return {
    name: `${first}:${second}`,
    control: isControl(second),
    a,
    b,
    difference: b.mean - a.mean,
    t: welch(a, b),
    tells,
  }
})
const noise = Math.max(...compared.filter(({ control }) => control).map(({ difference }) => Math.abs(difference)))
const rows = compared.map(({ name, a, b, difference, t, tells }) => ({
  name,
  firstNs: Math.round(a.mean),
  secondNs: Math.round(b.mean),
  differenceNs: Math.round(difference),
  t: Math.round(10 * t) / 10,
  real: Math.abs(t) > SIGNIFICANT && Math.abs(difference) > noise ? 'yes' : 'no',
  tells,
}))
report('timing', rows, options.json)
if (options.check) checkBounds('timing', rows, undefined)

function isControl(name: string): boolean {
  return CONTROLS.some((control) => control === name)
}
