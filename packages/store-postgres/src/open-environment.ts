import { randomBytes, randomUUID } from 'node:crypto'
import type { PostgresRow } from './client.js'
import { type Database, type Deadline, deadlineIn } from './database.js'
import { type Environment, REPLICA } from './environment.js'
import { failure, isMissingRight } from './errors.js'
import { migrate, SCHEMA_VERSION } from './migrate.js'
import type { Settings } from './options.js'
import type { Schema } from './schema.js'

/**
 * Reads the environment's row, or makes it. Creates the tables if there are none. Rejects with a `StoreError` that says
 * what to do if the server is a replica, the tables are of another version, or a right is missing.
 */
export async function openEnvironment(
  { database, settings, notifier }: Pick<Environment, 'database' | 'settings' | 'notifier'>,
  name: string,
): Promise<Environment> {
  const deadline = deadlineIn(settings.manageTimeout)
  if (!(await isMigrated(database, deadline))) await createTables(settings)
  await assertUsable(database, deadlineIn(settings.manageTimeout))
  const row = await readOrMake(database, name, deadlineIn(settings.manageTimeout))
  return {
    name,
    env: Number(row.env),
    dataset: String(row.dataset),
    sealingKey: new Uint8Array(Buffer.from(String(row.sealing_key), 'hex')),
    database,
    settings,
    notifier,
  }
}

async function isMigrated(database: Database, deadline: Deadline): Promise<boolean> {
  const { rows } = await database.query({ text: INSPECT(database.schema) }, [], deadline)
  const { replica, release, encoding, migrated } = rows[0] ?? {}
  if (replica === true) throw failure(REPLICA)
  if (Number(release) < MIN_RELEASE) throw failure('PostgreSQL: the server is too old; the store needs 12 or newer')
  if (encoding !== 'UTF8') throw failure(`PostgreSQL: the database must be in UTF8, and is in ${String(encoding)}`)
  return migrated === true
}

const MIN_RELEASE = 120_000

const INSPECT = ({ version }: Schema) => `select pg_is_in_recovery() as replica,
  current_setting('server_version_num') as release, current_setting('server_encoding') as encoding,
  to_regclass('${version}') is not null as migrated`

async function createTables({ client, schema }: Settings): Promise<void> {
  try {
    await migrate(client, { schema })
  } catch (error) {
    if (!isMissingRight(error)) throw error
    const sentence = `PostgreSQL: the tables of the schema ${schema} are missing, and this role may not create them`
    throw failure(`${sentence}; run migrate(client, { schema: '${schema}' }) with a role that may`, { cause: error })
  }
}

/** Locking a row of `environment` needs the right to update it. */
const RIGHTS = [
  'SELECT, UPDATE ON environment',
  'SELECT, INSERT, UPDATE, DELETE ON token',
  'SELECT, INSERT, DELETE ON change',
]

const CHECK = ({ name, version }: Schema) => `select version,
  (select string_agg(format('%s on %s', privilege, tablename), ', ')
   from (values ${RIGHTS.flatMap(rightPairs).join(', ')}) as needed (privilege, tablename)
   where not has_table_privilege(format('%I.%I', '${name}', tablename), privilege)) as missing
from ${version}`

function rightPairs(line: string): string[] {
  const [privileges = '', table = ''] = line.split(' ON ')
  return privileges.split(', ').map((privilege) => `('${privilege}', '${table}')`)
}

async function assertUsable(database: Database, deadline: Deadline): Promise<void> {
  const { schema } = database
  const { rows } = await database.query({ text: CHECK(schema) }, [], deadline)
  const version = Number(rows[0]?.version)
  if (version !== SCHEMA_VERSION) {
    const advice = version > SCHEMA_VERSION ? 'update the store' : `run migrate(client, { schema: '${schema.name}' })`
    throw failure(
      `PostgreSQL: the schema ${schema.name} is of version ${version}, this store of ${SCHEMA_VERSION}: ${advice}`,
    )
  }
  const missing = rows[0]?.missing
  if (typeof missing === 'string') throw failure(`PostgreSQL: this role lacks ${missing} in the schema ${schema.name}`)
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

async function readOrMake(database: Database, name: string, deadline: Deadline): Promise<PostgresRow> {
  for (;;) {
    const { rows } = await database.query({ text: READ(database.schema) }, [name], deadline)
    if (rows[0]) return rows[0]
    const values = [name, randomUUID(), randomBytes(32).toString('hex'), randomUUID()]
    await database.query({ text: MAKE(database.schema) }, values, deadline)
  }
}
