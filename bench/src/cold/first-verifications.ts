import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Latchkey } from '@latchkey/core'
import { expect } from '../lib/expect.js'

/** How long one takes, in µs. Each has a turn of the event loop of its own, as requests have. */
export async function oneByOne(latchkey: Latchkey, tokens: readonly string[]): Promise<number> {
  let ns = 0n
  for (const token of tokens) {
    await nextTurn()
    const start = process.hrtime.bigint()
    const { ok } = await latchkey.verify(token)
    ns += process.hrtime.bigint() - start
    expect(ok, 'a fresh instance lets good tokens in')
  }
  expectCold(latchkey, tokens)
  return Number(ns) / 1_000 / tokens.length
}

export interface Together {
  readonly perSecond: number
  /** How late the event loop is meanwhile. */
  readonly delayP50Ms: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
}

/** How often the delay is sampled, in ms. It is part of what is recorded. */
const RESOLUTION = 1

/** A burst: as many requests as there are tokens, one after another without waiting for answers. */
export async function allAtOnce(latchkey: Latchkey, tokens: readonly string[]): Promise<Together> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  delay.enable()
  await nextTurn()
  const start = process.hrtime.bigint()
  const verdicts = []
  for (const token of tokens) {
    verdicts.push(latchkey.verify(token))
    await nextTurn()
  }
  for (const { ok } of await Promise.all(verdicts)) expect(ok, 'a fresh instance lets good tokens in')
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  delay.disable()
  expectCold(latchkey, tokens)
  const ms = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION)
  return {
    perSecond: tokens.length / seconds,
    delayP50Ms: ms(delay.percentile(50)),
    delayP99Ms: ms(delay.percentile(99)),
    delayMaxMs: ms(delay.max),
  }
}

function expectCold(latchkey: Latchkey, tokens: readonly string[]): void {
  expect(latchkey.stats().storeReads === tokens.length, 'every first verification reads the store once')
}
