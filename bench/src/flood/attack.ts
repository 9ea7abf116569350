import { setTimeout as later } from 'node:timers/promises'
import type { Framework } from '../http/guarded.js'
import { type Child, startChild } from '../lib/child.js'
import { expect } from '../lib/expect.js'
import type { ForgerAnswers } from './forgers.js'
import type { HolderAnswers } from './holders.js'
import type { NewcomerAnswers } from './newcomers.js'
import type { Observed, ServerAnswers } from './server.js'
import { COLD } from './tokens.js'

export interface AttackOptions {
  readonly seconds: number
  /** The file with the tokens. */
  readonly file: string
}

type Row = Readonly<Record<string, string | number>>

/** Koa's share is a number, Express's one of what it can do on this machine at all. */
const KOA_RATE = 5_000
const EXPRESS_SHARE = 0.4

/** One server, first in peace, then under forged requests, then under first uses of good tokens. */
export async function attack(framework: Framework, { seconds, file }: AttackOptions): Promise<Row[]> {
  const server = await start<ServerAnswers>('server', [framework, file])
  const children: Child<unknown>[] = [server]
  try {
    const { bare, guarded } = await server.ask('where')
    const holders = await start<HolderAnswers>('holders', [guarded, file])
    children.push(holders)

    /** What the holders and the server see of something. */
    async function during<T>(run: () => Promise<T>): Promise<{ result: T; observed: Observed; row: Row }> {
      await server.ask('begin')
      await holders.ask('begin')
      const result = await run()
      const seen = await holders.ask('end')
      const observed = await server.ask('end')
      expect(seen.failed === 0, 'a cached good token is let in whatever happens')
      const row = {
        goodP50Us: seen.p50Us,
        goodP99Us: seen.p99Us,
        goodMaxUs: seen.maxUs,
        holdersDelayP99Ms: tenths(seen.delayP99Ms),
        delayP99Ms: tenths(observed.delayP99Ms),
      }
      return { result, observed, row }
    }

    async function forge(url: string, lasting: number, rate?: number) {
      const forgers = await start<ForgerAnswers>('forgers', [
        url,
        file,
        String(lasting),
        ...(rate ? [String(rate)] : []),
      ])
      children.push(forgers)
      const result = await forgers.ask('run')
      await forgers.stop()
      return result
    }

    const { perSecond: bareRate } = await forge(bare, Math.min(5, seconds))
    const rate = framework === 'koa' ? KOA_RATE : Math.round(EXPRESS_SHARE * bareRate)
    // Compiles the guard, and caches the good tokens.
    await during(() => forge(guarded, 2, rate))

    const quiet = await during(() => later(1_000 * seconds))
    const flood = await during(() => forge(guarded, seconds, rate))
    expect(flood.result.others === 0, 'every forged request is refused')

    const argon2Ms = await server.ask('argon2')
    const newcomers = await start<NewcomerAnswers>('newcomers', [guarded, file])
    children.push(newcomers)
    await newcomers.ask('connect')
    await newcomers.ask('rehearse')
    const cold = await during(() => newcomers.ask('run'))
    const { admitted, putOff, others, putOffMs, seconds: took } = cold.result
    expect(others === 0 && admitted + putOff === COLD, 'every first use is admitted, or put off with Retry-After')
    expect(cold.observed.proofs === admitted && cold.observed.refused === putOff, 'one proof for each admission')

    // What the burst alone costs: the same once more, with nothing to prove, seen for as long.
    await newcomers.ask('prove')
    const warm = await during(async () => (await Promise.all([newcomers.ask('run'), later(1_000 * took)]))[0])
    expect(warm.result.admitted === COLD && warm.observed.proofs === 0, 'who is cached is let in without a proof')

    return [
      { name: `${framework}-quiet`, perSecond: 0, ...quiet.row },
      {
        name: `${framework}-forged`,
        perSecond: Math.round(flood.result.perSecond),
        asked: rate,
        bareRate: Math.round(bareRate),
        ...flood.row,
        proofs: flood.observed.proofs,
        heapGrowthMiB: tenths(flood.observed.heapGrowthMiB),
      },
      {
        name: `${framework}-cold`,
        ...cold.row,
        proofs: cold.observed.proofs,
        heapGrowthMiB: tenths(cold.observed.heapGrowthMiB),
        admitted,
        putOff,
        putOffMs: Math.round(putOffMs),
        mostWaiting: cold.observed.mostWaiting,
        seconds: tenths(took),
        ofArgon2: Math.round((100 * took * 1_000) / (admitted * argon2Ms)) / 100,
      },
      {
        name: `${framework}-warm`,
        ...warm.row,
        proofs: warm.observed.proofs,
        heapGrowthMiB: tenths(warm.observed.heapGrowthMiB),
        admitted: warm.result.admitted,
        putOff: warm.result.putOff,
        seconds: tenths(warm.result.seconds),
      },
    ]
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

function start<Answers>(program: string, args: string[]): Promise<Child<Answers>> {
  return startChild<Answers>(new URL(`./${program}.js`, import.meta.url), args, ['--expose-gc'])
}

function tenths(value: number): number {
  return Math.round(10 * value) / 10
}
