import { assertKnownOptions, deadlineIn, integerOption } from '@latchkey/core/store'
import type { PostgresClient } from './client.js'
import { createDatabase, type Schema, schemaNamed } from './database.js'
import { readClient, readSchemaName } from './options.js'

/** Where the tables are made, and how long that may take. */
export interface MigrateOptions {
  /** As of `postgresStore`. Default: `latchkey`. */
  schema?: string | undefined
  /** In milliseconds. Default: 60,000. */
  timeout?: number | undefined
}

/** Of the tables that this version of the store reads and writes. */
export const SCHEMA_VERSION = 1

const MAX_TIMEOUT_MS = 3_600_000

/**
 * Creates the schema and its tables, or brings those of an earlier version up to date. Does nothing if they are there.
 * Any number of processes may call it at once. The store calls it by itself when its tables are missing; call it in a
 * deploy, with a role that may create them, when the hosts run with one that may not.
 *
 * Rejects with `StoreError` (`ERR_STORE`) if a right is missing, or if the schema holds other tables of these names.
 *
 * @example
 * await migrate(nodePg(pool), { schema: 'latchkey' })
 */
export async function migrate(client: PostgresClient, options: MigrateOptions = {}): Promise<void> {
  assertKnownOptions('migrate', options, ['schema', 'timeout'])
  const { schema, timeout = 60_000 } = options
  const database = createDatabase(
    readClient('migrate: client', client),
    schemaNamed(readSchemaName('migrate: schema', schema)),
  )
  const deadline = deadlineIn(integerOption('migrate: timeout', timeout, 1, MAX_TIMEOUT_MS))
  await database.query(migration(database.schema), [], deadline)
}

/**
 * One statement, so that it is one transaction through any driver and pooler. To create a schema that is there needs
 * the same right as to create a new one, so it is looked for first.
 */
function migration({ name, environment, token, change, version }: Schema): string {
  return `do $migration$
begin
  perform pg_advisory_xact_lock(hashtextextended('latchkey.${name}', 0));
  -- To open a table is to hear of what others have made meanwhile; the look-ups below do not.
  perform from pg_namespace limit 1;
  if to_regnamespace('"${name}"') is null then
    create schema "${name}";
  end if;
  if to_regclass('${version}') is null then
    create table ${version} (version int not null);
    insert into ${version} values (${SCHEMA_VERSION});

    create table ${environment} (
      env int generated always as identity primary key,
      name text collate "C" not null unique,
      dataset uuid not null,
      sealing_key bytea not null
    );

    -- expires: 9007199254740991 for never; modified, used: -1 for never.
    -- uses: the last use of the token and of each of its secrets; record: JSON of all that has no column.
    create table ${token} (
      n bigint generated always as identity primary key,
      env int not null,
      public text collate "C" not null,
      prefix text collate "C" not null,
      version int not null,
      name text collate "C" not null,
      owner text collate "C" not null,
      personal boolean not null,
      enabled boolean not null,
      created bigint not null,
      expires bigint not null,
      modified bigint not null,
      used bigint not null,
      scopes text[] collate "C" not null,
      uses jsonb not null,
      record text not null
    -- Every touch writes a row anew, and a total that looks at each of them takes five times as long once 4 % were
    -- touched since the last vacuum. The defaults wait for 20 % and 10 %.
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.01);
    create unique index token_public on ${token} (env, public);
    create index token_name on ${token} (env, name, n);
    create index token_created on ${token} (env, created, n);
    create index token_expires on ${token} (env, expires, n);
    create index token_modified on ${token} (env, modified, n);
    create index token_used on ${token} (env, used, n);
    create index token_owner on ${token} (env, owner, used, n);
    create index token_scopes on ${token} using gin (scopes);

    create table ${change} (
      env int not null,
      seq bigint generated always as identity,
      at timestamptz not null default clock_timestamp(),
      id text collate "C" not null,
      nonce text collate "C" not null,
      primary key (env, seq)
    );
  end if;
end
$migration$`
}
