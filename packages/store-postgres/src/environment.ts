import { randomBytes, randomUUID } from 'node:crypto'
import {
  causeCode,
  type Deadline,
  deadlineIn,
  noEnvironment,
  type OpenOptions,
  storeUnavailable,
} from '@latchkey/core/store'
import type { PostgresRow, PostgresValue } from './client.js'
import { type Answer, type Database, type Prepared, prepared, type Schema } from './database.js'
import { migrate, SCHEMA_VERSION } from './migrate.js'
import type { Settings } from './options.js'
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

/** The deadline of every operation but a point read. */
export function manageDeadline({ settings }: Pick<Environment, 'settings'>, signal?: AbortSignal): Deadline {
  return deadlineIn(settings.manageTimeout, signal)
}

const REPLICA = 'PostgreSQL: this server is a replica; the store needs the primary'

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
  if (rows[0]?.replica === true) throw storeUnavailable(REPLICA)
  if (rows[0]?.dataset !== dataset) {
    throw storeUnavailable(`PostgreSQL: the environment ${name} is another data set than the one that was opened`)
  }
}

/**
 * Runs a statement that has $1 and $2 for `env` and `dataset`, and finds a row at least if the environment is present.
 * Rejects with the reason if it finds none.
 */
export async function queryPresent(
  environment: Environment,
  statement: Prepared,
  values: readonly PostgresValue[],
  deadline: Deadline,
): Promise<Answer & { readonly first: PostgresRow }> {
  const { database, env, dataset, name } = environment
  const answer = await database.query(statement, [env, dataset, ...values], deadline)
  const [first] = answer.rows
  if (first !== undefined) return { ...answer, first }
  await assertPresent(environment, deadline)
  throw storeUnavailable(`PostgreSQL: the environment ${name} was not there for a moment`)
}

const PING = prepared((schema) => `select where ${PRESENT(schema)}`)

/** Rejects if the server cannot answer, is a replica, or holds another data set. */
export async function ping(environment: Environment): Promise<void> {
  await queryPresent(environment, PING, [], deadlineIn(environment.settings.readTimeout))
}

/**
 * Reads the environment's row, or, if `create`, makes it with the new sealing key, and the tables if there are none.
 * Rejects with a `StoreError` that says what to do if the server is a replica, the tables are of another version, or a
 * right is missing.
 */
export async function openEnvironment(
  context: Pick<Environment, 'database' | 'settings' | 'notifier'>,
  name: string,
  { sealingKey: newKey = randomBytes(32), create = true }: OpenOptions = {},
): Promise<Environment> {
  const { database, settings } = context
  if (!(await isMigrated(database, manageDeadline(context)))) {
    if (!create) throw noEnvironment(name)
    await createTables(settings)
  }
  await assertUsable(database, manageDeadline(context))
  const found = await read(database, name, manageDeadline(context))
  if (found === undefined && !create) throw noEnvironment(name)
  const { env, dataset, sealing_key } = found ?? (await make(database, name, newKey, manageDeadline(context)))
  const sealingKey = new Uint8Array(Buffer.from(String(sealing_key), 'hex'))
  return { ...context, name, env: Number(env), dataset: String(dataset), sealingKey }
}

const MIN_RELEASE = 120_000

const INSPECT = ({ version }: Schema) => `select pg_is_in_recovery() as replica,
  current_setting('server_version_num') as release, current_setting('server_encoding') as encoding,
  to_regclass('${version}') is not null as migrated`

async function isMigrated(database: Database, deadline: Deadline): Promise<boolean> {
  const { rows } = await database.query(INSPECT(database.schema), [], deadline)
  const { replica, release, encoding, migrated } = rows[0] ?? {}
  if (replica === true) throw storeUnavailable(REPLICA)
  if (Number(release) < MIN_RELEASE) throw storeUnavailable('PostgreSQL: the store needs a server of 12 or newer')
  if (encoding !== 'UTF8') {
    throw storeUnavailable(`PostgreSQL: the database must be in UTF8, and is in ${String(encoding)}`)
  }
  return migrated === true
}

async function createTables({ client, schema }: Settings): Promise<void> {
  try {
    await migrate(client, { schema })
  } catch (error) {
    const isRightMissing = causeCode(error) === '42501'
    if (!isRightMissing) throw error
    const sentence = `PostgreSQL: the tables of the schema ${schema} are missing, and this role may not create them`
    throw storeUnavailable(`${sentence}; run migrate(client, { schema: '${schema}' }) with a role that may`, error)
  }
}

/** Locking a row of `environment` needs the right to update it. */
const RIGHTS = {
  environment: ['SELECT', 'UPDATE'],
  token: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  change: ['SELECT', 'INSERT', 'DELETE'],
}
const NEEDED = Object.entries(RIGHTS).flatMap(([table, rights]) => rights.map((right) => `('${right}', '${table}')`))

const CHECK = ({ name, version }: Schema) => `select version,
  (select string_agg(format('%s on %s', privilege, tablename), ', ')
   from (values ${NEEDED.join(', ')}) as needed (privilege, tablename)
   where not has_table_privilege(format('%I.%I', '${name}', tablename), privilege)) as missing
from ${version}`

async function assertUsable(database: Database, deadline: Deadline): Promise<void> {
  const { name } = database.schema
  const { rows } = await database.query(CHECK(database.schema), [], deadline)
  const version = Number(rows[0]?.version)
  const missing = rows[0]?.missing
  if (version !== SCHEMA_VERSION) {
    const advice = version > SCHEMA_VERSION ? 'update the store' : `run migrate(client, { schema: '${name}' })`
    throw storeUnavailable(
      `PostgreSQL: the schema ${name} is of version ${version}, this store of ${SCHEMA_VERSION}: ${advice}`,
    )
  }
  if (typeof missing === 'string')
    throw storeUnavailable(`PostgreSQL: this role lacks ${missing} in the schema ${name}`)
}

const READ = ({ environment }: Schema) => `select env, dataset::text as dataset,
  encode(sealing_key, 'hex') as sealing_key from ${environment} where name = $1`

/** The first row of `change` gives those who watch a position from the start. */
const MAKE = ({ environment, change }: Schema) => `with made as (
  insert into ${environment} (name, dataset, sealing_key) values ($1, $2::text::uuid, decode($3, 'hex'))
  on conflict (name) do nothing
  returning env
)
insert into ${change} (env, id, nonce) select env, '', $4 from made`

async function read(database: Database, name: string, deadline: Deadline): Promise<PostgresRow | undefined> {
  return (await database.query(READ(database.schema), [name], deadline)).rows[0]
}

/** Somebody else may be first: then it is theirs. */
async function make(database: Database, name: string, newKey: Uint8Array, deadline: Deadline): Promise<PostgresRow> {
  for (;;) {
    const values = [name, randomUUID(), Buffer.from(newKey).toString('hex'), randomUUID()]
    await database.query(MAKE(database.schema), values, deadline)
    const made = await read(database, name, deadline)
    if (made !== undefined) return made
  }
}
