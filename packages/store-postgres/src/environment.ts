import type { Database, Deadline } from './database.js'
import { failure } from './errors.js'
import type { Settings } from './options.js'
import { prepared, type Schema } from './schema.js'
import type { Notifier } from './watch/notify.js'

/** An environment that is open. */
export interface Environment {
  readonly name: string
  /** Stands for the environment in all rows. */
  readonly env: number
  readonly dataset: string
  readonly sealingKey: Uint8Array
  readonly database: Database
  readonly settings: Settings
  readonly notifier: Notifier
}

export const REPLICA = 'PostgreSQL: this server is a replica; the store needs the primary'

/** A condition: the environment is on this server, which is its primary. `env` and `dataset` are $1 and $2. */
export const PRESENT = ({ environment }: Schema) =>
  `exists (select from ${environment} where env = $1 and dataset = $2::text::uuid and not pg_is_in_recovery())`

const DIAGNOSE = prepared(
  ({ environment }) => `select pg_is_in_recovery() as replica,
  (select dataset::text from ${environment} where env = $1) as dataset`,
)

/** Rejects with the reason why nothing of the environment was found; resolves if there is none. */
export async function assertPresent({ database, env, name, dataset }: Environment, deadline: Deadline): Promise<void> {
  const { rows } = await database.query(DIAGNOSE, [env], deadline)
  if (rows[0]?.replica === true) throw failure(REPLICA)
  if (rows[0]?.dataset !== dataset) {
    throw failure(`PostgreSQL: the environment ${name} is another data set than the one that was opened`)
  }
}

/** As `assertPresent`, after a statement that would have found something. Always rejects. */
export async function rejectAbsent(environment: Environment, deadline: Deadline): Promise<never> {
  await assertPresent(environment, deadline)
  throw failure(`PostgreSQL: the environment ${environment.name} was not there for a moment`)
}
