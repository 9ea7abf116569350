import { availableParallelism } from 'node:os'
import { UnavailableError } from '../errors.js'
import { createFairQueue } from './fair-queue.js'

/** Runs slow hashes, few at a time. Those that do not fit are refused at once instead of piling up. */
export interface ProofQueue {
  /**
   * Runs the job when a slot is free. Jobs with the same key share one run. Callers take turns, so that nobody waits
   * for all jobs of another. Rejects with `ERR_OVERLOADED` when too many wait: that of the caller who has most of them.
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

/** How many jobs run and wait at most. */
export interface ProofLimits {
  readonly concurrency?: number
  readonly maxWaiting?: number
  /** Running and waiting, of one caller. Default: no limit of its own. */
  readonly maxPerCaller?: number
}

/** A job that has no slot yet. */
interface Waiting {
  start(): void
  refuse(error: UnavailableError): void
}

export function createProofQueue({
  concurrency = CONCURRENCY,
  maxWaiting = MAX_WAITING,
  maxPerCaller = Number.POSITIVE_INFINITY,
}: ProofLimits = {}): ProofQueue {
  /** Running and waiting jobs, by key. */
  const jobs = new Map<string, Promise<unknown>>()
  const waiting = createFairQueue<Waiting>()
  /** Running and waiting jobs, by caller. */
  const callers = new Map<string, number>()
  let running = 0
  let done = 0
  let refused = 0

  async function acquireSlot(caller: string | undefined): Promise<void> {
    if (running < concurrency) {
      running++
      return
    }
    // `releaseSlot` hands its slot over, so `running` stays as it is.
    await new Promise<void>((start, refuse) => waiting.push(caller, { start, refuse }))
  }

  function releaseSlot(): void {
    done++
    const next = waiting.shift()
    if (next === undefined) running--
    else next.start()
  }

  /** Whether another job of this caller may run or wait. If need be, one of a caller with more is refused instead. */
  function makeRoom(caller: string | undefined): boolean {
    if (caller !== undefined && (callers.get(caller) ?? 0) >= maxPerCaller) return false
    if (running < concurrency || waiting.size < maxWaiting) return true
    const dropped = waiting.dropFor(caller)
    if (dropped === undefined) return false
    dropped.refuse(overloaded())
    refused++
    return true
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

  async function runInSlot<T>(key: string, job: () => Promise<T>, caller: string | undefined): Promise<T> {
    try {
      await acquireSlot(caller)
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
      if (!makeRoom(caller)) {
        refused++
        return Promise.reject(overloaded())
      }
      const run = () => runInSlot(key, job, caller)
      const started = caller === undefined ? run() : countFor(caller, run)
      jobs.set(key, started)
      return started
    },
    stats: () => ({ running, waiting: waiting.size, done, refused }),
  }
}

function overloaded(): UnavailableError {
  return new UnavailableError('ERR_OVERLOADED', 'Too many secrets wait for their hash')
}
