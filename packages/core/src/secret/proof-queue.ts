import { availableParallelism } from 'node:os'
import { UnavailableError } from '../errors.js'

/** Runs slow hashes, few at a time. What does not fit is refused at once instead of piling up. */
export interface ProofQueue {
  /**
   * Runs the job when its turn comes. Jobs with the same key share one run. Rejects with `ERR_OVERLOADED` when too
   * many wait.
   */
  run<T>(key: string, job: () => Promise<T>): Promise<T>
  stats(): { running: number; waiting: number; done: number; refused: number }
}

const CONCURRENCY = Math.min(2, availableParallelism())
const MOST_WAITING = 1_000

export function createProofQueue(concurrency: number = CONCURRENCY, mostWaiting: number = MOST_WAITING): ProofQueue {
  const flights = new Map<string, Promise<unknown>>()
  const waiting: (() => void)[] = []
  let running = 0
  let done = 0
  let refused = 0

  async function turn(): Promise<void> {
    if (running < concurrency) {
      running++
      return
    }
    // The one who leaves hands its place over, so `running` stays as it is.
    await new Promise<void>((resolve) => waiting.push(resolve))
  }

  function leave(): void {
    done++
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }

  async function fly<T>(key: string, job: () => Promise<T>): Promise<T> {
    try {
      await turn()
      try {
        return await job()
      } finally {
        leave()
      }
    } finally {
      flights.delete(key)
    }
  }

  return {
    run<T>(key: string, job: () => Promise<T>): Promise<T> {
      const flight = flights.get(key)
      if (flight !== undefined) return flight as Promise<T>
      if (running >= concurrency && waiting.length >= mostWaiting) {
        refused++
        return Promise.reject(new UnavailableError('ERR_OVERLOADED', 'Too many secrets wait for their first proof'))
      }
      const started = fly(key, job)
      flights.set(key, started)
      return started
    },
    stats: () => ({ running, waiting: waiting.length, done, refused }),
  }
}
