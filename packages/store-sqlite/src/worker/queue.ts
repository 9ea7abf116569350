import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Call } from '../shared/protocol.js'

/** A call that waits for its turn, and the number that its answers carry. */
export interface QueuedCall<C extends Call = Call> {
  number: number
  call: C
}

export interface Queue<C extends Call> {
  push(queued: QueuedCall<C>): void
  /** Takes a waiting call out. Its answer is not given. */
  drop(number: number): void
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
}

/**
 * Calls `work` with the list of the waiting calls until that list is empty: `work` must remove from it what it has
 * handled. Each time is another turn of the event loop, so other queues run in between, and writes that arrive together
 * share a batch.
 */
export function createQueue<C extends Call>(work: (waiting: QueuedCall<C>[]) => Promise<void>): Queue<C> {
  const waiting: QueuedCall<C>[] = []
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      await nextTurn()
      await work(waiting)
    }
    running = undefined
  }

  return {
    push(queued) {
      waiting.push(queued)
      running ??= run()
    },
    drop(number) {
      const index = waiting.findIndex((queued) => queued.number === number)
      if (index >= 0) waiting.splice(index, 1)
    },
    idle: async () => running,
  }
}
