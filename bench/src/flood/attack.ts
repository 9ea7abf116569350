import { setTimeout as wait } from 'node:timers/promises'
import { type Child, type Questions, startChild } from '../harness/child.js'
import { expect } from '../harness/expect.js'
import type { Row } from '../harness/report.js'
import type { Framework } from '../http/guards.js'
import type { ForgerQuestions } from './forgers.js'
import type { HolderQuestions } from './holders.js'
import type { NewcomerQuestions } from './newcomers.js'
import type { ServerQuestions } from './server.js'
import { COLD } from './tokens.js'

/** Forged requests per second: a number for Koa, for Express a share of what it can answer on this machine at all. */
const KOA_RATE = 5_000
const EXPRESS_SHARE = 0.4

/** One server: first in peace, then under forged requests, then under first uses of good tokens. `file`: the tokens. */
export async function attack(framework: Framework, file: string, seconds: number): Promise<Row[]> {
  const children: { stop(): Promise<void> }[] = []
  async function start<Asked extends Questions>(program: string, args: readonly string[]): Promise<Child<Asked>> {
    const url = new URL(`./${program}.js`, import.meta.url)
    const child = await startChild<Asked>(url, [...args, file], ['--expose-gc'])
    children.push(child)
    return child
  }
  async function forge(url: string, lasting: number, rate = 0) {
    const forgers = await start<ForgerQuestions>('forgers', [url, String(lasting), String(rate)])
    const result = await forgers.ask('run')
    await forgers.stop()
    return result
  }

  try {
    const server = await start<ServerQuestions>('server', [framework])
    const { open, guarded } = await server.ask('urls')
    const holders = await start<HolderQuestions>('holders', [guarded])
    const newcomers = await start<NewcomerQuestions>('newcomers', [guarded])

    /** What holders and server observe while something runs. */
    async function during<T>(run: () => Promise<T>) {
      await server.ask('begin')
      await holders.ask('begin')
      const result = await run()
      const { failed, ...times } = await holders.ask('end')
      expect(failed === 0, 'a cached good token is admitted whatever happens')
      return { result, seen: { ...times, ...(await server.ask('end')) } }
    }

    const asked =
      framework === 'koa' ? KOA_RATE : Math.round(EXPRESS_SHARE * (await forge(open, Math.min(5, seconds))).perSecond)
    // Warms the server up, and caches the good tokens.
    await during(() => forge(guarded, 2, asked))
    const quiet = await during(() => wait(1_000 * seconds))
    const forged = await during(() => forge(guarded, seconds, asked))
    expect(forged.result.others === 0, 'every forged request is refused')

    const argon2Ms = await server.ask('argon2Ms')
    await newcomers.ask('rehearse')
    const cold = await during(() => newcomers.ask('burst'))
    const { admitted, refused, others } = cold.result
    expect(others === 0 && admitted + refused === COLD, 'every first use is admitted, or refused with Retry-After')
    expect(cold.seen.proofs === admitted, 'every admission takes one proof')
    await newcomers.ask('prove')
    const warm = await during(async () => {
      const [burst] = await Promise.all([newcomers.ask('burst'), wait(1_000 * cold.result.seconds)])
      return burst
    })
    expect(warm.result.admitted === COLD && warm.seen.proofs === 0, 'cached tokens are admitted without proofs')

    const ofArgon2 = (1_000 * cold.result.seconds) / (admitted * argon2Ms)
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
