import { setTimeout as wait } from 'node:timers/promises'
import { createLatchkey, memoryStore } from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'
import { readPage } from '@latchkey/testkit'
import { type Child, type Questions, startChild } from '../harness/child.js'
import { expect } from '../harness/observe.js'
import type { Row } from '../harness/report.js'
import { issueMany } from '../harness/tokens.js'
import type { FrameworkName } from '../http/guards.js'
import type { Clients } from './clients.js'
import type { ServerQuestions } from './server.js'

/** So many tokens have been used before an attack begins, and are cached. */
const CACHED = 20
/** So many first uses come at once. */
const COLD = 2_000
/** Forged requests per second: a number for Koa, for Express a share of what it can answer on this machine at all. */
const KOA_RATE = 5_000
const EXPRESS_SHARE = 0.4

export interface FloodTokens {
  readonly records: readonly TokenRecord[]
  readonly cached: readonly string[]
  readonly cold: readonly string[]
}

/** Takes half a minute: each token has a hash of Argon2id. */
export async function issueTokens(): Promise<FloodTokens> {
  const store = memoryStore()
  const latchkey = createLatchkey({ store })
  const tokens = await issueMany(latchkey, CACHED + COLD)
  const sort = { by: 'createdAt', direction: 'asc' } as const
  const environment = await store.open('default')
  const { records } = await readPage(environment, { filter: {}, sort, limit: 10_000, count: false })
  await latchkey.close()
  return { records, cached: tokens.slice(0, CACHED), cold: tokens.slice(CACHED) }
}

/** One server: first in peace, then under forged requests, then under first uses of good tokens. */
export async function attack(framework: FrameworkName, tokens: FloodTokens, seconds: number): Promise<Row[]> {
  const children: { stop(): Promise<void> }[] = []
  async function start<Asked extends Questions>(program: string, ...args: string[]): Promise<Child<Asked>> {
    const child = await startChild<Asked>(new URL(`./${program}.js`, import.meta.url), args, ['--expose-gc'])
    children.push(child)
    return child
  }
  try {
    const server = await start<ServerQuestions>('server', framework)
    const { open, guarded } = await server.ask('urls', tokens.records)
    const holders = await start<Clients['holders']>('clients', 'holders', guarded)
    const newcomers = await start<Clients['newcomers']>('clients', 'newcomers', guarded)
    const forgers = await start<Clients['forgers']>('clients', 'forgers', guarded)
    const forge = (lasting: number, rate: number) => forgers.ask('run', guarded, tokens.cached, lasting, rate)

    /** What holders and server observe while something runs. */
    async function during<T>(run: () => Promise<T>) {
      await server.ask('begin')
      await holders.ask('begin', tokens.cached)
      const result = await run()
      const { failed, ...times } = await holders.ask('end')
      expect(failed === 0, 'a cached good token is admitted whatever happens')
      return { result, seen: { ...times, ...(await server.ask('end')) } }
    }

    const bare = () => forgers.ask('run', open, tokens.cached, Math.min(5, seconds))
    const asked = framework === 'express' ? Math.round(EXPRESS_SHARE * (await bare()).perSecond) : KOA_RATE
    // Warms the server up, and caches the good tokens.
    await during(() => forge(2, asked))
    const quiet = await during(() => wait(1_000 * seconds))
    const forged = await during(() => forge(seconds, asked))
    expect(forged.result.others === 0, 'every forged request is refused')

    await newcomers.ask('rehearse', tokens.cached, COLD)
    const cold = await during(() => newcomers.ask('burst', tokens.cold))
    const { admitted, refused, others, seconds: took } = cold.result
    expect(others === 0 && admitted + refused === COLD, 'every first use is admitted, or refused with Retry-After')
    expect(cold.seen.proofs === admitted, 'every admission takes one proof')
    await newcomers.ask('prove', tokens.cold)
    // The same burst when the tokens are cached, observed as long.
    const warm = await during(
      async () => (await Promise.all([newcomers.ask('burst', tokens.cold), wait(1_000 * took)]))[0],
    )
    expect(warm.result.admitted === COLD && warm.seen.proofs === 0, 'cached tokens are admitted without proofs')

    const ofArgon2 = (1_000 * took) / (admitted * (await server.ask('argon2Ms')))
    return [
      { name: `${framework}-quiet`, ...quiet.seen },
      { name: `${framework}-forged`, ...forged.seen, asked, ofAsked: forged.result.perSecond / asked },
      { name: `${framework}-cold`, ...cold.seen, ...cold.result, ofArgon2 },
      { name: `${framework}-warm`, ...warm.seen, ...warm.result },
    ]
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}
