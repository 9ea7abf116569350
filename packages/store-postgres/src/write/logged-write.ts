import { randomUUID } from 'node:crypto'
import type { Deadline } from '@latchkey/core/store'
import type { PostgresRow, PostgresValue } from '../client.js'
import { type Prepared, prepared, type Schema } from '../database.js'
import { type Environment, queryPresent } from '../environment.js'

/** Of the time that an operation has, so much may be spent waiting for a lock. */
const LOCK_SHARE = 0.75

/** The parameters $1 to $4 of every logged write; those of the operation follow. */
export const FIRST_PARAMETER = 5

/**
 * A statement that writes tokens, and logs the change of each. It locks the environment's row first, so that the
 * changes of an environment get their numbers in the order in which they become visible. `write` changes tokens of
 * `locked`, and returns `env` and `id` of each.
 *
 * The server goes on with a statement whose caller has given up; `lock_timeout` ends it soon.
 */
export function loggedWrite(write: (schema: Schema) => string, selected = 'written.id'): Prepared {
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
  /** The ids of the tokens that it changed, in an earlier attempt whose answer was lost or in this one. */
  readonly ids: readonly string[]
}

/** Runs a logged write, and notifies those who watch. */
export async function runWrite(
  environment: Environment,
  statement: Prepared,
  values: readonly PostgresValue[],
  deadline: Deadline,
): Promise<Outcome> {
  const nonce = randomUUID()
  const all = [lockTimeout(environment), nonce, ...values]
  const { rows, repeated } = await queryPresent(environment, statement, all, deadline)
  const written = rows.filter(({ id }) => id !== null)
  const ids = idsOf(repeated ? await changesOfCall(environment, nonce, deadline) : written)
  if (ids.length > 0) environment.notifier.notify(environment.env)
  return { rows: written, ids }
}

/** The value of `lock_timeout`. */
export function lockTimeout({ settings }: Environment): string {
  return String(Math.ceil(settings.manageTimeout * LOCK_SHARE))
}

/** Looks at the newest changes only; an operation that lasts for seconds is not far behind. */
const CHANGES = prepared(
  ({ change }) => `select id
from (select id, nonce from ${change} where env = $1 order by seq desc limit 100000) newest
where nonce = $2`,
)

async function changesOfCall(
  { database, env }: Environment,
  nonce: string,
  deadline: Deadline,
): Promise<readonly PostgresRow[]> {
  return (await database.query(CHANGES, [env, nonce], deadline)).rows
}

function idsOf(rows: readonly PostgresRow[]): string[] {
  return rows.map(({ id }) => String(id))
}
