import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Call, Write } from '../shared/protocol.js'

/** A call that waits for its answer, and the number of the answer. */
export interface Waiting<C extends Call = Call> {
  number: number
  call: C
}

export interface Queue<C extends Call> {
  push(waiting: Waiting<C>): void
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
}

/**
 * Calls `work` with the waiting calls, again and again, until `work` has taken all of them out of the list. Each call is made
 * in a turn of the event loop of its own: other queues run in between, and writes that arrive together share a batch.
 */
export function createQueue<C extends Call>(work: (waiting: Waiting<C>[]) => Promise<void>): Queue<C> {
  const waiting: Waiting<C>[] = []
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      await nextTurn()
      await work(waiting)
    }
    running = undefined
  }

  return {
    push(call) {
      waiting.push(call)
      running ??= run()
    },
    idle: async () => running,
  }
}

/** A transaction writes about so many tokens at most, so that lists and later writes do not wait long. */
const MAX_BATCH_TOKENS = 100

/** Takes the writes of the next transaction out of the list: at least one. */
export function takeBatch(waiting: Waiting<Write>[]): Waiting<Write>[] {
  let count = 0
  let tokens = 0
  for (const { call } of waiting) {
    tokens += tokensOf(call)
    if (count > 0 && tokens > MAX_BATCH_TOKENS) break
    count++
  }
  return waiting.splice(0, count)
}

/** How many tokens it writes at most. */
export function tokensOf(write: Write): number {
  if (write.op === 'touch') return write.uses.length
  return write.op === 'purge' ? write.limit : 1
}
