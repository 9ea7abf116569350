import { expect } from '../lib/expect.js'
import { issueMany } from '../lib/issue.js'
import { percentiles } from '../lib/percentiles.js'
import type { Pair } from './pair.js'
import type { Silencer } from './silencer.js'

/** So many tokens are revoked in one outage. */
const BATCH = 100
/** B is asked for so long (ms) after the last moment at which it may let a token in. */
const BEYOND = 700
/** Within so many ms B must be back after an outage. */
const PATIENCE = 5_000

interface Outcome {
  /** How long after the acknowledgement the last 200 arrived, in ms; 0 if none did. */
  readonly lastLetIn: number
  /** Requests that were sent `ttl` after the acknowledgement or later, and let in. */
  readonly late: number
  readonly lastStatus: number
}

/** Tokens are revoked on A while nothing passes between B and the store; B has just seen them. */
export async function cutOff({ a, askB }: Pair, silencer: Silencer, ttl: number, revocations: number) {
  const outcomes: Outcome[] = []
  while (outcomes.length < revocations) {
    const tokens = await issueMany(a, Math.min(BATCH, revocations - outcomes.length))
    const statuses = await Promise.all(tokens.map(askB))
    expect(
      statuses.every((status) => status === 200),
      'B lets good tokens in',
    )
    silencer.silence()
    outcomes.push(...(await Promise.all(tokens.map(revoke))))
    silencer.restore()
    await Promise.all(tokens.map(refused))
  }
  return {
    ...percentiles(outcomes.map(({ lastLetIn }) => lastLetIn)),
    letInLate: outcomes.reduce((sum, { late }) => sum + late, 0),
    not503: outcomes.filter(({ lastStatus }) => lastStatus !== 503).length,
    revocations,
  }

  async function revoke(token: string): Promise<Outcome> {
    await a.delete(token.slice(0, token.lastIndexOf('.')))
    const acknowledged = performance.now()
    let lastLetIn = 0
    let late = 0
    for (;;) {
      const sent = performance.now() - acknowledged
      const lastStatus = await askB(token)
      if (lastStatus === 200) {
        lastLetIn = performance.now() - acknowledged
        if (sent >= ttl) late++
      } else expect(lastStatus === 503, `B answers 200 or 503, not ${lastStatus}`)
      if (sent > ttl + BEYOND) return { lastLetIn, late, lastStatus }
    }
  }

  async function refused(token: string): Promise<void> {
    const end = performance.now() + PATIENCE
    let status = await askB(token)
    while (status === 503 && performance.now() < end) status = await askB(token)
    expect(status === 401, `B refuses a revoked token when it can read the store again, and does not answer ${status}`)
  }
}
