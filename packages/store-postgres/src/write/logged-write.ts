import { randomUUID } from 'node:crypto'
import type { PostgresRow, PostgresValue } from '../client.js'
import { type Deadline, deadlineIn } from '../database.js'
import { type Environment, rejectAbsent } from '../environment.js'
import type { Settings } from '../options.js'
import { prepared, type Schema, type StatementFor } from '../schema.js'

/** Of the time that an operation has, so much may be spent waiting for a lock. */
const LOCK_SHARE = 0.75

/** The parameters $1 to $4 of every change; those of the operation follow. */
export const FIRST_PARAMETER = 5

/**
 * A statement that changes tokens. It locks the environment's row first, so that the changes of an environment get
 * their numbers in the order in which they become visible. `write` changes tokens of `locked`, and returns `env` and `id`
 * of each.
 *
 * The server goes on with a statement whose caller has given up; `lock_timeout` ends it soon.
 */
export function change(write: (schema: Schema) => string, selected = 'written.id'): StatementFor {
  return prepared(
    (schema) => `with locked as materialized (
  select env from ${schema.environment}
  where env = $1 and dataset = $2::text::uuid and set_config('lock_timeout', $3, true) <> ''
  for no key update
), written as (
  ${write(schema)}
), logged as (
  insert into ${schema.change} (env, id, nonce) select env, id, $4 from written
)
select ${selected} from locked left join written on true`,
  )
}

export interface Outcome {
  /** What the statement wrote. */
  readonly rows: readonly PostgresRow[]
  /** How many tokens it changed, in an earlier attempt whose answer was lost or in this one. */
  readonly count: number
}

/** Runs a change, and notifies those who watch. */
export async function runChange(
  environment: Environment,
  statement: StatementFor,
  values: readonly PostgresValue[],
  deadline: Deadline,
): Promise<Outcome> {
  const { database, env, dataset, settings } = environment
  const nonce = randomUUID()
  const fixed = [env, dataset, lockTimeout(settings), nonce]
  const { rows, repeated } = await database.query(statement, [...fixed, ...values], deadline)
  if (rows.length === 0) await rejectAbsent(environment, deadline)
  const written = rows.filter(({ id }) => id !== null)
  const count = repeated ? await countOf(environment, nonce, deadline) : written.length
  if (count > 0) environment.notifier.notify(env)
  return { rows: written, count }
}

/** The value of `lock_timeout`. */
export function lockTimeout({ manageTimeout }: Settings): string {
  return String(Math.ceil(manageTimeout * LOCK_SHARE))
}

export function changeDeadline({ settings }: Environment): Deadline {
  return deadlineIn(settings.manageTimeout)
}

/** Looks at the newest changes only; an operation that lasts for seconds is not far behind. */
const COUNT = prepared(
  ({ change }) => `select count(*) as count
from (select nonce from ${change} where env = $1 order by seq desc limit 100000) newest
where nonce = $2`,
)

async function countOf({ database, env }: Environment, nonce: string, deadline: Deadline): Promise<number> {
  const { rows } = await database.query(COUNT, [env, nonce], deadline)
  return Number(rows[0]?.count)
}
