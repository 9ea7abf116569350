import { setTimeout as wait } from 'node:timers/promises'
import { type Child, type Questions, startChild } from '../harness/child.js'
import { expect } from '../harness/expect.js'
import type { Row } from '../harness/report.js'
import type { FrameworkName } from '../http/guards.js'
import type { ForgerQuestions } from './forgers.js'
import type { HolderQuestions } from './holders.js'
import type { NewcomerQuestions } from './newcomers.js'
import type { ServerQuestions } from './server.js'
import { COLD } from './tokens.js'

/** Forged requests per second: a number for Koa, for Express a share of what it can answer on this machine at all. */
const KOA_RATE = 5_000
const EXPRESS_SHARE = 0.4

/** One server: first in peace, then under forged requests, then under first uses of good tokens. `file`: the tokens. */
export async function attack(framework: FrameworkName, file: string, seconds: number): Promise<Row[]> {
  const children: { stop(): Promise<void> }[] = []
  async function start<Asked extends Questions>(program: string, ...args: string[]): Promise<Child<Asked>> {
    const url = new URL(`./${program}.js`, import.meta.url)
    const child = await startChild<Asked>(url, [...args, file], ['--expose-gc'])
    children.push(child)
    return child
  }
  try {
    const server = await start<ServerQuestions>('server', framework)
    const { open, guarded } = await server.ask('urls')
    const holders = await start<HolderQuestions>('holders', guarded)
    const newcomers = await start<NewcomerQuestions>('newcomers', guarded)
    const forge = async (url: string, lasting: number, rate = 0) => {
      const forgers = await start<ForgerQuestions>('forgers', url, String(lasting), String(rate))
      return forgers.ask('run')
    }
    const during = observer(server, holders)

    const bareRate = framework === 'express' ? (await forge(open, Math.min(5, seconds))).perSecond : 0
    const asked = framework === 'express' ? Math.round(EXPRESS_SHARE * bareRate) : KOA_RATE
    // Warms the server up, and caches the good tokens.
    await during(() => forge(guarded, 2, asked))
    const quiet = await during(() => wait(1_000 * seconds))
    const forged = await during(() => forge(guarded, seconds, asked))
    expect(forged.result.others === 0, 'every forged request is refused')
    return [
      { name: `${framework}-quiet`, ...quiet.seen },
      { name: `${framework}-forged`, ...forged.seen, asked, ofAsked: forged.result.perSecond / asked },
      ...(await bursts(framework, newcomers, during, await server.ask('argon2Ms'))),
    ]
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

type During = ReturnType<typeof observer>

/** What holders and server observe while something runs. */
function observer(server: Child<ServerQuestions>, holders: Child<HolderQuestions>) {
  return async <T>(run: () => Promise<T>) => {
    await server.ask('begin')
    await holders.ask('begin')
    const result = await run()
    const { failed, ...times } = await holders.ask('end')
    expect(failed === 0, 'a cached good token is admitted whatever happens')
    return { result, seen: { ...times, ...(await server.ask('end')) } }
  }
}

/** First uses of all tokens at once, and the same burst when the tokens are cached. `argon2Ms`: of one proof. */
async function bursts(
  framework: FrameworkName,
  newcomers: Child<NewcomerQuestions>,
  during: During,
  argon2Ms: number,
): Promise<Row[]> {
  await newcomers.ask('rehearse')
  const cold = await during(() => newcomers.ask('burst'))
  const { admitted, refused, others, seconds } = cold.result
  expect(others === 0 && admitted + refused === COLD, 'every first use is admitted, or refused with Retry-After')
  expect(cold.seen.proofs === admitted, 'every admission takes one proof')

  await newcomers.ask('prove')
  const warm = await during(async () => {
    const [burst] = await Promise.all([newcomers.ask('burst'), wait(1_000 * seconds)])
    return burst
  })
  expect(warm.result.admitted === COLD && warm.seen.proofs === 0, 'cached tokens are admitted without proofs')
  return [
    { name: `${framework}-cold`, ...cold.seen, ...cold.result, ofArgon2: (1_000 * seconds) / (admitted * argon2Ms) },
    { name: `${framework}-warm`, ...warm.seen, ...warm.result },
  ]
}
