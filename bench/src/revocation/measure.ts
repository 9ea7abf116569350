import { setTimeout as wait } from 'node:timers/promises'
import type { TcpProxy } from '@latchkey/test-servers'
import { expect, percentiles } from '../harness/observe.js'
import { inLanes } from '../harness/rounds.js'
import { idOf, issueMany, SETTLED_AFTER } from '../harness/tokens.js'
import type { Pair } from './pair.js'

/** A token that B still admits so many ms after its revocation counts as missed. */
const MISSED_AFTER = 2_000
/** So many tokens are revoked in one outage. */
const BATCH = 100
/** B is asked for so many ms after the last moment at which it may admit a token. */
const BEYOND = 700
/** Within so many ms B must answer 401 after an outage. */
const RECOVERY = 5_000

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
  await inLanes(lanes, tokens.values(), async (token) => {
    const took = await cross(token)
    if (took !== undefined) times.push(took)
  })
  return { ...percentiles(times), missed: revocations - times.length, revocations }
}

interface Outcome {
  /** When the last 200 arrived, in ms after the acknowledgement; 0 if none did. */
  readonly lastAdmission: number
  /** Requests that were sent `ttl` after the acknowledgement or later, and admitted. */
  readonly late: number
  readonly lastStatus: number
}

/** Revokes tokens on A that B has just seen, while nothing passes between B and the store. */
export async function cutOff({ a, askB }: Pair, proxy: TcpProxy, ttl: number, revocations: number) {
  const outcomes: Outcome[] = []
  while (outcomes.length < revocations) {
    const tokens = await issueMany(a, Math.min(BATCH, revocations - outcomes.length))
    for (const status of await Promise.all(tokens.map(askB))) expect(status === 200, 'B admits good tokens')
    proxy.silence()
    outcomes.push(...(await Promise.all(tokens.map(revoke))))
    proxy.restore()
    await Promise.all(tokens.map(expectRefusal))
  }
  return {
    ...percentiles(outcomes.map(({ lastAdmission }) => lastAdmission)),
    letInLate: outcomes.reduce((sum, { late }) => sum + late, 0),
    not503: outcomes.filter(({ lastStatus }) => lastStatus !== 503).length,
    revocations,
  }

  async function revoke(token: string): Promise<Outcome> {
    await a.delete(idOf(token))
    const acknowledged = performance.now()
    let lastAdmission = 0
    let late = 0
    for (;;) {
      const sent = performance.now() - acknowledged
      const lastStatus = await askB(token)
      if (lastStatus === 200) {
        lastAdmission = performance.now() - acknowledged
        if (sent >= ttl) late++
      } else expect(lastStatus === 503, `B answers 200 or 503, not ${lastStatus}`)
      if (sent > ttl + BEYOND) return { lastAdmission, late, lastStatus }
    }
  }

  async function expectRefusal(token: string): Promise<void> {
    const end = performance.now() + RECOVERY
    let status = await askB(token)
    while (status === 503 && performance.now() < end) status = await askB(token)
    expect(status === 401, `B refuses a revoked token when it can read the store again, and does not answer ${status}`)
  }
}
