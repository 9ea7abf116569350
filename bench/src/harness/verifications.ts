import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Latchkey, StoreError } from '@latchkey/core'
import { expect, watchEventLoop } from './observe.js'

/** Does something so many times, and checks that each time is a success. */
export type Repeat = (times: number) => void | Promise<void>

/** How long a slice of repetitions takes, in ms: short, so that a disturbance seldom hits one contender alone. */
const SLICE = 5

/** Verifies one token again and again. Awaits promises only, so that a synchronous contender is not slowed down. */
export function repeatOne(verify: (token: string) => boolean | Promise<boolean>, token: string): Repeat {
  return async (times) => {
    let good = 0
    for (let i = 0; i < times; i++) {
      const result = verify(token)
      if (result === true || (result !== false && (await result))) good++
    }
    expect(good === times, 'every verification has the expected result')
  }
}

/** Verifies many tokens in turn, in an order that processor caches cannot predict. */
export function repeatEach(verify: (token: string) => boolean, tokens: readonly string[]): Repeat {
  let next = 0
  return (times) => {
    let good = 0
    for (let i = 0; i < times; i++) {
      next = (next + 7_919) % tokens.length
      if (verify(tokens[next] ?? '')) good++
    }
    expect(good === times, 'every verification has the expected result')
  }
}

/** Warms up, and returns a function that resolves to the nanoseconds of one repetition, as measured over a slice. */
export async function sliceOf(repeat: Repeat): Promise<() => Promise<number>> {
  let times = 1
  for (let spent = 0; spent < 40 * SLICE; ) {
    const ns = await time(repeat, times)
    spent += (ns * times) / 1e6
    times = Math.max(1, Math.min(times * 4, Math.round((SLICE * 1e6) / ns)))
  }
  return async () => {
    // Other processes used the processor caches meanwhile.
    await repeat(Math.ceil(times / 4))
    return time(repeat, times)
  }
}

async function time(repeat: Repeat, times: number): Promise<number> {
  const start = process.hrtime.bigint()
  await repeat(times)
  return Number(process.hrtime.bigint() - start) / times
}

/** The µs that a first verification takes. Each has a turn of the event loop of its own, as requests have. */
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

/**
 * First verifications in a burst: each begins without waiting for the ones before. `refused`: those that the store did
 * not answer before its deadline, so that a host answers 503.
 */
export async function allAtOnce(latchkey: Latchkey, tokens: readonly string[]) {
  const eventLoop = watchEventLoop()
  await nextTurn()
  const start = performance.now()
  let refused = 0
  const verdicts = []
  for (const token of tokens) {
    verdicts.push(
      latchkey.verify(token).catch((error: unknown) => {
        if (!(error instanceof StoreError)) throw error
        refused++
        return undefined
      }),
    )
    await nextTurn()
  }
  for (const verdict of await Promise.all(verdicts)) expect(verdict?.ok !== false, 'a good token is admitted')
  const seconds = (performance.now() - start) / 1_000
  const delay = eventLoop.end()
  expectCold(latchkey, tokens)
  return { perSecond: (tokens.length - refused) / seconds, refused, ...delay }
}

function expectCold(latchkey: Latchkey, tokens: readonly string[]): void {
  expect(latchkey.stats().storeReads === tokens.length, 'every first verification reads the store once')
}
