import { availableParallelism } from 'node:os'
import { UnavailableError } from '../errors.js'

/** Runs slow hashes, few at a time. Those that do not fit are refused at once instead of piling up. */
export interface ProofQueue {
  /**
   * Runs the job when a slot is free. Jobs with the same key share one run. Rejects with `ERR_OVERLOADED` when too many
   * wait, in all or of one `caller`.
   */
  run<T>(key: string, job: () => Promise<T>, caller?: string): Promise<T>
  /** Running and waiting now, done and refused so far. */
  stats(): ProofStats
}

export interface ProofStats {
  readonly running: number
  readonly waiting: number
  readonly done: number
  readonly refused: number
}

export function sumOf(a: ProofStats, b: ProofStats): ProofStats {
  return {
    running: a.running + b.running,
    waiting: a.waiting + b.waiting,
    done: a.done + b.done,
    refused: a.refused + b.refused,
  }
}

const CONCURRENCY = Math.min(2, availableParallelism())
const MAX_WAITING = 1_000
const MAX_JOBS_PER_CALLER = 50

export function createProofQueue(concurrency: number = CONCURRENCY, maxWaiting: number = MAX_WAITING): ProofQueue {
  /** Running and waiting jobs, by key. */
  const jobs = new Map<string, Promise<unknown>>()
  const waiting: (() => void)[] = []
  /** Running and waiting jobs, by caller. */
  const callers = new Map<string, number>()
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

  async function countFor<T>(caller: string, run: () => Promise<T>): Promise<T> {
    callers.set(caller, (callers.get(caller) ?? 0) + 1)
    try {
      return await run()
    } finally {
      const left = (callers.get(caller) ?? 1) - 1
      if (left > 0) callers.set(caller, left)
      else callers.delete(caller)
    }
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
    run<T>(key: string, job: () => Promise<T>, caller?: string): Promise<T> {
      const known = jobs.get(key)
      if (known !== undefined) return known as Promise<T>
      const own = caller === undefined ? 0 : (callers.get(caller) ?? 0)
      if ((running >= concurrency && waiting.length >= maxWaiting) || own >= MAX_JOBS_PER_CALLER) {
        refused++
        return Promise.reject(new UnavailableError('ERR_OVERLOADED', 'Too many secrets wait for their hash'))
      }
      const started = caller === undefined ? runInSlot(key, job) : countFor(caller, () => runInSlot(key, job))
      jobs.set(key, started)
      return started
    },
    stats: () => ({ running, waiting: waiting.length, done, refused }),
  }
}
