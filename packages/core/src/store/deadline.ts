import { StoreError } from '../errors.js'

/** The end of one operation, however many steps and attempts it takes. */
export interface Deadline {
  /** `performance.now()` at the end. */
  readonly end: number
  readonly ms: number
  /** Aborted when nobody waits for the operation any more. */
  readonly signal?: AbortSignal | undefined
}

/** No answer came before the deadline. */
export class TimeoutError extends Error {
  constructor({ ms }: Deadline) {
    super(`no answer within ${ms} ms`)
  }
}

const MIN_PAUSE_MS = 5
const MAX_PAUSE_MS = 200

export function deadlineIn(ms: number, signal?: AbortSignal): Deadline {
  return { end: performance.now() + ms, ms, signal }
}

export function msLeft({ end }: Deadline): number {
  return end - performance.now()
}

/**
 * What `run` resolves to. Rejects with a `TimeoutError` at the deadline; what was begun goes on. If the signal is
 * aborted, nothing is begun, and it rejects with the reason.
 */
export async function beforeDeadline<T>(deadline: Deadline, run: () => Promise<T>): Promise<T> {
  deadline.signal?.throwIfAborted()
  const left = msLeft(deadline)
  if (left <= 0) throw new TimeoutError(deadline)
  return new Promise<T>((resolve, reject) => {
    // One turn later: after a blocked event loop, an answer that is already there comes first.
    const timer = setTimeout(() => setImmediate(() => reject(new TimeoutError(deadline))), left)
    run()
      .finally(() => clearTimeout(timer))
      .then(resolve, reject)
  })
}

/**
 * Attempts again after failures that `mayPass`, with growing, random pauses, while there is time. Rejects with the last
 * failure. A `StoreError`, a `TimeoutError` and an aborted signal end it at once.
 */
export async function retryUntil<T>(
  deadline: Deadline,
  attempt: () => Promise<T>,
  mayPass: (error: unknown) => boolean,
): Promise<T> {
  for (let pause = MIN_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
    try {
      return await beforeDeadline(deadline, attempt)
    } catch (error) {
      // What was left for this attempt may have run out a moment earlier; callers know the whole time.
      if (error instanceof TimeoutError) throw new TimeoutError(deadline)
      deadline.signal?.throwIfAborted()
      const wait = pause * (0.5 + Math.random())
      if (error instanceof StoreError || wait >= msLeft(deadline) || !mayPass(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }
}
