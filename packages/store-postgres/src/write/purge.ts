import type { Environment } from '../environment.js'
import { prepared } from '../schema.js'
import { change, changeDeadline, FIRST_PARAMETER, runChange } from './change.js'

/** Tokens in one statement. */
const BATCH = 1_000

/**
 * Rows are chosen by their expiry, and then locked in the order of `n`, as touches lock them. The expiry counts that a
 * row has under the lock.
 */
const PURGE = change(
  ({ token }) => `delete from ${token} t
  using (
    select t.n from ${token} t
    where t.n in (
      select e.n from locked join ${token} e on e.env = locked.env
      where e.expires < $${FIRST_PARAMETER}::bigint
      order by e.expires
      limit ${BATCH}
    ) and t.expires < $${FIRST_PARAMETER}::bigint
    order by t.n
    for update
  ) expired
  where t.n = expired.n and t.expires < $${FIRST_PARAMETER}::bigint
  returning t.env, t.prefix || '.' || t.public as id`,
)

const ANY_LEFT = prepared(({ token }) => `select 1 as left from ${token} where env = $1 and expires < $2 limit 1`)

export async function purge(environment: Environment, expiredBefore: number): Promise<number> {
  environment.database.assertOpen()
  for (let purged = 0; ; ) {
    const { count } = await runChange(environment, PURGE, [expiredBefore], changeDeadline(environment))
    purged += count
    // A batch is short also if another purge took its rows, or if some of them were extended.
    if (count < BATCH && !(await isAnyLeft(environment, expiredBefore))) return purged
  }
}

async function isAnyLeft(environment: Environment, expiredBefore: number): Promise<boolean> {
  const { database, env } = environment
  const { rows } = await database.query(ANY_LEFT, [env, expiredBefore], changeDeadline(environment))
  return rows.length > 0
}
