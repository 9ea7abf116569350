import { fileArrivals, haveArrivals } from './arrivals.js'
import { type Database, transaction } from './database.js'
import { isBusy, problemOf } from './problem.js'

/** Once so many new tokens have come they are filed: the next write waits for it some milliseconds. */
const ARRIVALS = 32
/** After so long without a write, in ms, fewer are filed too. Should another process write then, it is tried again. */
const QUIET = 20

/** Sees to it that new tokens are filed: many at a time, or when nothing else is written. */
export interface Filing {
  /** Writes are beginning: not now. */
  hold(): void
  /** So many new tokens have been taken in. */
  note(arrived: number): void
  /** Files them if they are many. */
  ifDue(): void
  /** Files what there is, also of other processes, after a while without `hold`. */
  soon(): void
  /** Files what there is. Need not succeed: whoever cannot do without does it again, and says what is wrong. */
  now(): void
}

/**
 * `writer`: the connection, once there is one. `busyTimeout`: what it waits for locks else, in ms. `working`: runs what the
 * timer brings.
 */
export function createFiling(
  path: string,
  busyTimeout: number,
  writer: () => Database | undefined,
  working: (work: () => void) => void,
): Filing {
  let waiting = 0
  let timer: NodeJS.Timeout | undefined
  let warned = false

  function hold(): void {
    clearTimeout(timer)
  }

  function soon(): void {
    hold()
    timer = setTimeout(() => working(now), QUIET).unref()
  }

  function now(): void {
    waiting = 0
    const db = writer()
    try {
      if (db && haveArrivals(db)) fileAtOnce(db, busyTimeout)
    } catch (error) {
      if (isBusy(error)) {
        soon()
        return
      }
      // No token can be changed then: who watches the process should know before somebody must revoke one.
      if (!warned) process.emitWarning(problemOf(error, path))
      warned = true
    }
  }

  return {
    hold,
    soon,
    now,
    note(arrived) {
      waiting += arrived
    },
    ifDue() {
      if (waiting >= ARRIVALS) now()
    },
  }
}

/** Never waits for a lock: lists wait for this thread. */
function fileAtOnce(db: Database, busyTimeout: number): void {
  db.pragma('busy_timeout = 0')
  try {
    transaction(db, 'IMMEDIATE', () => fileArrivals(db))
  } finally {
    db.pragma(`busy_timeout = ${busyTimeout}`)
  }
}
