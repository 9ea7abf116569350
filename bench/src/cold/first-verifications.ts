import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Latchkey } from '@latchkey/core'
import { type EventLoopDelay, watchEventLoop } from '../harness/event-loop.js'
import { expect } from '../harness/expect.js'

/** Resolves to the µs that one takes. Each has a turn of the event loop of its own, as requests have. */
export async function oneByOne(latchkey: Latchkey, tokens: readonly string[]): Promise<number> {
  let ns = 0n
  for (const token of tokens) {
    await nextTurn()
    const start = process.hrtime.bigint()
    const { ok } = await latchkey.verify(token)
    ns += process.hrtime.bigint() - start
    expect(ok, 'a good token is admitted')
  }
  expectCold(latchkey, tokens)
  return Number(ns) / 1_000 / tokens.length
}

/** A burst: each verification begins without waiting for the ones before. */
export async function allAtOnce(
  latchkey: Latchkey,
  tokens: readonly string[],
): Promise<EventLoopDelay & { readonly perSecond: number }> {
  const eventLoop = watchEventLoop()
  await nextTurn()
  const start = performance.now()
  const verdicts = []
  for (const token of tokens) {
    verdicts.push(latchkey.verify(token))
    await nextTurn()
  }
  for (const { ok } of await Promise.all(verdicts)) expect(ok, 'a good token is admitted')
  const seconds = (performance.now() - start) / 1_000
  const delay = eventLoop.end()
  expectCold(latchkey, tokens)
  return { perSecond: tokens.length / seconds, ...delay }
}

function expectCold(latchkey: Latchkey, tokens: readonly string[]): void {
  expect(latchkey.stats().storeReads === tokens.length, 'every first verification reads the store once')
}
