import { availableParallelism } from 'node:os'
import { UnavailableError } from '../errors.js'

/** Runs slow hashes, few at a time. Those that do not fit are refused at once instead of piling up. */
export interface ProofQueue {
  /**
   * Runs the job when a slot is free. Jobs with the same key share one run. Rejects with `ERR_OVERLOADED` when too many
   * wait.
   */
  run<T>(key: string, job: () => Promise<T>): Promise<T>
  /** Running and waiting now, done and refused so far. */
  stats(): { running: number; waiting: number; done: number; refused: number }
}

const CONCURRENCY = Math.min(2, availableParallelism())
const MAX_WAITING = 1_000

export function createProofQueue(concurrency: number = CONCURRENCY, maxWaiting: number = MAX_WAITING): ProofQueue {
  /** Running and waiting jobs, by key. */
  const jobs = new Map<string, Promise<unknown>>()
  const waiting: (() => void)[] = []
  let running = 0
  let done = 0
  let refused = 0

  async function acquireSlot(): Promise<void> {
    if (running < concurrency) {
      running++
      return
    }
    // `releaseSlot` hands its slot over, so `running` stays as it is.
    await new Promise<void>((resolve) => waiting.push(resolve))
  }

  function releaseSlot(): void {
    done++
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }

  async function runInSlot<T>(key: string, job: () => Promise<T>): Promise<T> {
    try {
      await acquireSlot()
      try {
        return await job()
      } finally {
        releaseSlot()
      }
    } finally {
      jobs.delete(key)
    }
  }

  return {
    run<T>(key: string, job: () => Promise<T>): Promise<T> {
      const known = jobs.get(key)
      if (known !== undefined) return known as Promise<T>
      if (running >= concurrency && waiting.length >= maxWaiting) {
        refused++
        return Promise.reject(new UnavailableError('ERR_OVERLOADED', 'Too many secrets wait for their first proof'))
      }
      const started = runInSlot(key, job)
      jobs.set(key, started)
      return started
    },
    stats: () => ({ running, waiting: waiting.length, done, refused }),
  }
}
