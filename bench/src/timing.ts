import { readArgumentsWith } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { report } from './lib/report.js'
import { causes } from './timing/causes.js'
import { sampleInterleaved, WARM_UP } from './timing/sample.js'
import { describe, welch } from './timing/welch.js'

/*
 * What the time of a refusal tells a stranger, to whom all 401 answers look the same: each cause is timed in this
 * process, where there is no network to hide a difference, and pairs of causes are compared by Welch's t test. Beyond
 * |t| = 4.5 a difference is real, though it may be too small to be seen from outside.
 */

const REAL = 4.5

/** What a stranger would know who could tell the two apart. */
const PAIRS = [
  ['wrong-secret', 'wrong-secret-again', 'nothing: a control, of the same kind'],
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

const rows = PAIRS.map(([first, second, tells]) => {
  const [a, b] = [first, second].map((name) => describe(samples.get(name) ?? []))
  if (a === undefined || b === undefined) throw new Error(`${first} and ${second} were not timed`)
  const t = welch(a, b)
  return {
    name: `${first}:${second}`,
    firstNs: Math.round(a.mean),
    secondNs: Math.round(b.mean),
    differenceNs: Math.round(b.mean - a.mean),
    t: Math.round(10 * t) / 10,
    real: Math.abs(t) > REAL ? 'yes' : 'no',
    tells,
  }
})
report('timing', rows, options.json)
if (options.check) checkBounds('timing', rows, undefined)
