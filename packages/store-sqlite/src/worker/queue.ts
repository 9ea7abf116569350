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
 * Calls `work` until it has taken everything out of the list that it is given. Other queues have a turn before each call, and so
 * have messages: what arrives in one turn can be taken together.
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
