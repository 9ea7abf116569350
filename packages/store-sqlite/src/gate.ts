import type { Worker } from 'node:worker_threads'

/*
 * Lets the process end only between two pieces of the worker's work. Node cuts its threads off when the process exits, and
 * libsql aborts the process if that happens while it prepares a statement.
 */

const IDLE = 0
const BUSY = 1
/** The process is about to end: no work is begun any more. */
const CLOSED = 2

/** How long a process that exits waits for a piece of work, in ms. Most take less than one. */
const PATIENCE = 2_000

export type Gate = Int32Array<SharedArrayBuffer>

export function createGate(): Gate {
  return new Int32Array(new SharedArrayBuffer(4))
}

/** The worker's side: what runs its pieces of work, one within another if need be. */
export function workBehind(gate: Gate): <T>(work: () => T) => T {
  let depth = 0
  return (work) => {
    if (depth === 0 && Atomics.compareExchange(gate, 0, IDLE, BUSY) === CLOSED) Atomics.wait(gate, 0, CLOSED)
    depth++
    try {
      return work()
    } finally {
      depth--
      if (depth === 0) {
        Atomics.store(gate, 0, IDLE)
        Atomics.notify(gate, 0)
      }
    }
  }
}

const gates = new Set<Gate>()

/** The host's side. */
export function closeAtExit(gate: Gate, worker: Worker): void {
  if (gates.size === 0) process.on('exit', closeAll)
  gates.add(gate)
  worker.once('exit', () => {
    gates.delete(gate)
    if (gates.size === 0) process.off('exit', closeAll)
  })
}

function closeAll(): void {
  const end = performance.now() + PATIENCE
  for (const gate of gates) {
    while (Atomics.compareExchange(gate, 0, IDLE, CLOSED) === BUSY) {
      const left = end - performance.now()
      if (left <= 0 || Atomics.wait(gate, 0, BUSY, left) === 'timed-out') break
    }
  }
}
