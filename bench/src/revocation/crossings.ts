import { setTimeout as wait } from 'node:timers/promises'
import { expect } from '../lib/expect.js'
import { issueMany } from '../lib/issue.js'
import { percentiles } from '../lib/percentiles.js'
import type { Pair } from './pair.js'

/** A token that B lets in for so long (ms) after its revocation counts as missed. */
const PATIENCE = 2_000
/** Within so long (ms) B has heard that the tokens were made, which makes it forget what it knows of them. */
const SETTLED = 1_500

export interface CrossingOptions {
  readonly revocations: number
  /** So many at once. Default: 1. */
  readonly lanes?: number
  /** Happens between B letting a token in and its revocation by A. */
  readonly before?: () => Promise<void>
}

/** From the acknowledgement of a write on A to the arrival of the first refusal by B, which is asked without pause. */
export async function crossings({ a, askB }: Pair, { revocations, lanes = 1, before }: CrossingOptions) {
  const tokens: string[] = []
  while (tokens.length < revocations) tokens.push(...(await issueMany(a, Math.min(200, revocations - tokens.length))))
  await wait(SETTLED)

  async function cross(token: string): Promise<number | undefined> {
    expect((await askB(token)) === 200, 'B lets a good token in, and has it in its cache')
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
  async function lane(): Promise<void> {
    for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) outcomes.push(await cross(token))
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  const times = outcomes.filter((took) => took !== undefined)
  return { ...percentiles(times), missed: revocations - times.length, revocations }
}
