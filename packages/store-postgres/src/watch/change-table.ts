import { type Deadline, deadlineIn } from '@latchkey/core/store'
import type { PostgresRow } from '../client.js'
import { type Database, prepared } from '../database.js'
import { type Environment, queryPresent } from '../environment.js'

/** A row of `change`. Numbers may be given twice, after a crash or a restore; nonces are not. */
export interface Position {
  readonly seq: number
  readonly nonce: string
}

/** Before all changes, where there are none. */
const BEFORE_ALL: Position = { seq: -1, nonce: '' }

export function positionOf({ seq, nonce }: PostgresRow): Position {
  return seq === null ? BEFORE_ALL : { seq: Number(seq), nonce: String(nonce) }
}

const NEWEST = prepared(
  ({ environment, change }) => `select c.seq, c.nonce
from ${environment} e
left join lateral (select seq, nonce from ${change} where env = e.env order by seq desc limit 1) c on true
where e.env = $1 and e.dataset = $2::text::uuid and not pg_is_in_recovery()`,
)

export async function newestPosition(environment: Environment, deadline: Deadline): Promise<Position> {
  return positionOf((await queryPresent(environment, NEWEST, [], deadline)).first)
}

/** Rows of one environment in one read, beside the first. */
export const PAGE = 5_000

const READ = prepared(
  ({ environment, change }) => `select w.env, pg_is_in_recovery() as replica, e.env is not null as found,
  c.seq, c.nonce, c.id
from jsonb_to_recordset($1::text::jsonb) as w (env int, dataset uuid, seq bigint)
left join ${environment} e on e.env = w.env and e.dataset = w.dataset
left join lateral (
  select seq, nonce, id from ${change} where env = e.env and seq >= w.seq order by seq limit ${PAGE + 1}
) c on true
order by w.env, c.seq`,
)

/**
 * The changes of some environments from a number on, **including** it: where that row is missing, history was lost.
 * There is one row at least for each environment.
 */
export async function readChanges(
  database: Database,
  wanted: readonly { readonly env: number; readonly dataset: string; readonly seq: number | undefined }[],
  deadline: Deadline,
): Promise<readonly PostgresRow[]> {
  return (await database.query(READ, [JSON.stringify(wanted)], deadline)).rows
}

const TRIM_TIMEOUT_MS = 2_000
const TRIM_BATCH = 5_000

/** The newest row always stays: it is the position of those who have read everything. */
const TRIM = prepared(
  ({ change }) => `with trimmed as (
  delete from ${change}
  where env = $1 and seq < (select max(seq) from ${change} where env = $1) and seq in (
    select seq from (select seq, at from ${change} where env = $1 order by seq limit ${TRIM_BATCH}) oldest
    where at < clock_timestamp() - interval '10 minutes'
  )
  returning 1
)
select count(*) as count from trimmed`,
)

/** Deletes changes that every process has read long ago. Resolves to whether there may be more of them. */
export async function trimChanges({ database, env }: Environment): Promise<boolean> {
  const { rows } = await database.query(TRIM, [env], deadlineIn(TRIM_TIMEOUT_MS))
  return Number(rows[0]?.count) === TRIM_BATCH
}
