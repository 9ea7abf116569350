import type { Worker } from 'node:worker_threads'

/*
 * A lock that makes the exit of the process wait for the worker's running statement: the worker holds it during each
 * statement, and `process.on('exit')` takes it.
 *
 * libsql 0.5.29 aborts the process if a thread is terminated while it prepares a statement, and Node terminates its
 * threads when the process exits. May go when libsql survives `worker.terminate()`.
 */

const IDLE = 0
const BUSY = 1
/** The process is about to end: the worker stops before its next statement. */
const EXITING = 2

/** How long an exit waits for a statement. */
const EXIT_TIMEOUT_MS = 2_000

/** The memory of a lock, which both threads have. */
export type ExitLockState = Int32Array<SharedArrayBuffer>

/** The worker's side of the lock. */
export interface ExitLock {
  /** Runs what must not be cut off. */
  hold<T>(work: () => T): T
}

export function createExitLockState(): ExitLockState {
  return new Int32Array(new SharedArrayBuffer(4))
}

export function createExitLock(state: ExitLockState): ExitLock {
  return {
    hold(work) {
      if (Atomics.compareExchange(state, 0, IDLE, BUSY) === EXITING) Atomics.wait(state, 0, EXITING)
      try {
        return work()
      } finally {
        Atomics.store(state, 0, IDLE)
        Atomics.notify(state, 0)
      }
    },
  }
}

const states = new Set<ExitLockState>()

/** The main thread's side: from now on the exit of the process waits for the worker's statement. */
export function waitAtExit(state: ExitLockState, worker: Worker): void {
  if (states.size === 0) process.on('exit', takeAll)
  states.add(state)
  worker.once('exit', () => {
    states.delete(state)
    if (states.size === 0) process.off('exit', takeAll)
  })
}

function takeAll(): void {
  const end = performance.now() + EXIT_TIMEOUT_MS
  for (const state of states) {
    while (Atomics.compareExchange(state, 0, IDLE, EXITING) === BUSY) {
      const left = end - performance.now()
      if (left <= 0 || Atomics.wait(state, 0, BUSY, left) === 'timed-out') break
    }
  }
}
