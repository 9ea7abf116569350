import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Call } from '../shared/protocol.js'

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
