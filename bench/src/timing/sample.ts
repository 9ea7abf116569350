import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DenialReason, Latchkey } from '@latchkey/core'
import { expect } from '../harness/observe.js'

/** One cause of a 401. */
export interface Cause {
  readonly name: string
  readonly latchkey: Latchkey
  readonly reason: DenialReason
  /** The samples use them in turn. */
  readonly tokens: readonly string[]
}

/** So many samples of each cause are not counted. */
export const WARM_UP = 500

/** Times each cause so often, in nanoseconds, in an order that is shuffled for every round. */
export async function sampleInterleaved(
  causes: readonly Cause[],
  samples: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const times = new Map<string, number[]>(causes.map(({ name }) => [name, []]))
  const order = [...causes]
  for (let i = 0; i < samples + WARM_UP; i++) {
    shuffle(order)
    // Lets the work of the round before end.
    await nextTurn()
    for (const cause of order) {
      const ns = await time(cause, cause.tokens[i % cause.tokens.length] ?? '')
      if (i >= WARM_UP) times.get(cause.name)?.push(ns)
    }
  }
  return times
}

async function time({ name, latchkey, reason }: Cause, token: string): Promise<number> {
  const start = process.hrtime.bigint()
  const verdict = await latchkey.verify(token)
  const ns = Number(process.hrtime.bigint() - start)
  expect(!verdict.ok && verdict.denial.reason === reason, `${name} is refused as ${reason}`)
  return ns
}

function shuffle<T>(list: T[]): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[list[i], list[j]] = [list[j] as T, list[i] as T]
  }
}
