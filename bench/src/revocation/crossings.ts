import { expect } from '../lib/expect.js'
import { issue } from '../lib/issue.js'
import { percentiles } from '../lib/percentiles.js'
import type { Pair } from './pair.js'

/** A token that B lets in for so long (ms) after its revocation counts as missed. */
const PATIENCE = 2_000

export interface CrossingOptions {
  readonly revocations: number
  /** So many at once. Default: 1. */
  readonly lanes?: number
  /** Happens between B letting a token in and its revocation by A. */
  readonly before?: () => Promise<void>
}

/** From the acknowledgement of a write on A to the arrival of the first refusal by B, which is asked without pause. */
export async function crossings({ a, askB }: Pair, { revocations, lanes = 1, before }: CrossingOptions) {
  async function cross(): Promise<number | undefined> {
    const token = await issue(a)
    expect((await askB(token)) === 200, 'B lets a good token in')
    await before?.()
    await a.delete(token.slice(0, token.lastIndexOf('.')))
    const acknowledged = performance.now()
    for (;;) {
      const status = await askB(token)
      const took = performance.now() - acknowledged
      if (status === 401) return took
      expect(status === 200, `B answers 200 or 401, not ${status}`)
      if (took > PATIENCE) return undefined
    }
  }

  const outcomes: (number | undefined)[] = []
  let started = 0
  async function lane(): Promise<void> {
    while (started++ < revocations) outcomes.push(await cross())
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const times = outcomes.filter((took) => took !== undefined)
  return { ...percentiles(times), missed: revocations - times.length, revocations }
}
