import { type Database, deadlineIn } from '../database.js'
import { prepared } from '../schema.js'
import type { Subscription } from './subscription.js'

/** Deletes changes that every process has read long ago. */
export interface Trimmer {
  /** Does not wait; does nothing while it is not due. */
  trim(all: readonly Subscription[]): void
}

/** On average, in each process. */
const TRIM_EVERY_MS = 60_000
const TRIM_TIMEOUT_MS = 2_000
const BATCH = 5_000

/** The newest row always stays: it is the position of those who have read everything. */
const TRIM = prepared(
  ({ change }) => `with trimmed as (
  delete from ${change}
  where env = $1 and seq < (select max(seq) from ${change} where env = $1) and seq in (
    select seq from (select seq, at from ${change} where env = $1 order by seq limit ${BATCH}) oldest
    where at < clock_timestamp() - interval '10 minutes'
  )
  returning 1
)
select count(*) as count from trimmed`,
)

export function createTrimmer(database: Database): Trimmer {
  /** `performance.now()` of the next time, by environment. The first is soon: hosts that are restarted often trim too. */
  const due = new Map<number, number>()

  async function trimOne(env: number): Promise<void> {
    due.set(env, performance.now() + TRIM_EVERY_MS * (0.5 + Math.random()))
    const { rows } = await database.query(TRIM, [env], deadlineIn(TRIM_TIMEOUT_MS))
    if (Number(rows[0]?.count) === BATCH) due.set(env, 0)
  }

  return {
    trim(all) {
      for (const { environment } of all) {
        // What fails is tried again when it is due next.
        if ((due.get(environment.env) ?? 0) <= performance.now()) trimOne(environment.env).catch(() => undefined)
      }
    },
  }
}
