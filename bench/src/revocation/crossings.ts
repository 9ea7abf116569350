import { setTimeout as wait } from 'node:timers/promises'
import { expect, percentiles } from '../harness/observe.js'
import { idOf, issueMany } from '../harness/tokens.js'
import type { Pair } from './pair.js'

/** A token that B still admits so many ms after its revocation counts as missed. */
const MISSED_AFTER = 2_000
/** After so many ms B has heard of the new tokens, which removes what it has cached of them. */
const SETTLED_AFTER = 1_500

export interface CrossingOptions {
  readonly revocations: number
  /** So many at once. Default: 1. */
  readonly lanes?: number
  /** Runs between B's admission of a token and its revocation by A. */
  readonly before?: () => Promise<void>
}

/** From the acknowledgement of a revocation on A to the arrival of B's first refusal. B is asked without pause. */
export async function crossings({ a, askB }: Pair, { revocations, lanes = 1, before }: CrossingOptions) {
  const tokens = await issueMany(a, revocations)
  await wait(SETTLED_AFTER)

  async function cross(token: string): Promise<number | undefined> {
    expect((await askB(token)) === 200, 'B admits a good token, and caches it')
    await before?.()
    await a.delete(idOf(token))
    const acknowledged = performance.now()
    for (;;) {
      const status = await askB(token)
      const took = performance.now() - acknowledged
      if (status === 401) return took
      expect(status === 200, `B answers 200 or 401, not ${status}`)
      if (took > MISSED_AFTER) return undefined
    }
  }

  const times: number[] = []
  async function lane(): Promise<void> {
    for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
      const took = await cross(token)
      if (took !== undefined) times.push(took)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { ...percentiles(times), missed: revocations - times.length, revocations }
}
