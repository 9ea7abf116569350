import { type SortKey, storeUnavailable } from '@latchkey/core/store'
import { type Database, transaction } from '../shared/database.js'

/** "Lkey": marks a file as ours in SQLite's header. */
const APPLICATION_ID = 0x4c6b6579

/**
 * Step i turns a file of version i into one of version i + 1; an empty file has version 0. Never change a step that was
 * released: add one. All steps run in the transaction that raises the version.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- tokens, personal_tokens: how many tokens there are and how many of them are personal, as in the next two tables.
  CREATE TABLE environment (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dataset TEXT NOT NULL, sealing_key TEXT NOT NULL,
    tokens INTEGER NOT NULL DEFAULT 0, personal_tokens INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  -- The owners and scopes of the tokens that there are. One without tokens is deleted.
  CREATE TABLE owner (
    id INTEGER PRIMARY KEY, environment_id INTEGER NOT NULL, name TEXT NOT NULL,
    tokens INTEGER NOT NULL, personal_tokens INTEGER NOT NULL, UNIQUE (environment_id, name)
  ) STRICT;
  CREATE TABLE scope (
    id INTEGER PRIMARY KEY, environment_id INTEGER NOT NULL, name TEXT NOT NULL,
    tokens INTEGER NOT NULL, personal_tokens INTEGER NOT NULL, UNIQUE (environment_id, name)
  ) STRICT;

  -- record: the whole TokenRecord as JSON. The other columns are what tokens are found, filtered and sorted by.
  -- Absent times are -1 (never used, never modified) or 2^53 - 1 (never expires), so that indexes order them.
  -- *_day: days from the epoch to the time of that name, or -1. scope_set: one character for each scope, see counters.ts.
  -- seq: that of the change which created the token. It settles ties. It is no INTEGER PRIMARY KEY, since SQLite does not
  -- search an index by a comparison of pairs, (created_at, seq) > (?, ?), if one of them is.
  CREATE TABLE token (
    id INTEGER PRIMARY KEY, environment_id INTEGER NOT NULL, public_part TEXT NOT NULL, owner_id INTEGER NOT NULL,
    seq INTEGER NOT NULL, name TEXT NOT NULL, personal INTEGER NOT NULL, enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL, created_day INTEGER NOT NULL, expires_at INTEGER NOT NULL, expires_day INTEGER NOT NULL,
    modified_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL, last_used_day INTEGER NOT NULL, scope_set TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX token_by_public_part ON token (environment_id, public_part);
  -- For each sort, an index of all tokens of an environment and one of those of an owner. Behind the order stands what is
  -- filtered by, so that rows which do not match are not read. Of times it is the day: most uses do not change it.
  CREATE INDEX token_by_name ON token (
    environment_id, name, seq, personal, enabled, scope_set, created_day, expires_day, last_used_day
  );
  CREATE INDEX token_by_created_at ON token (
    environment_id, created_at, seq, personal, enabled, scope_set, expires_day, last_used_day
  );
  CREATE INDEX token_by_expires_at ON token (
    environment_id, expires_at, seq, personal, enabled, scope_set, created_day, last_used_day
  );
  CREATE INDEX token_by_modified_at ON token (
    environment_id, modified_at, seq, personal, enabled, scope_set, created_day, expires_day, last_used_day
  );
  CREATE INDEX token_by_last_used_at ON token (
    environment_id, last_used_at, seq, personal, enabled, scope_set, created_day, expires_day
  );
  CREATE INDEX token_of_owner_by_name ON token (
    owner_id, name, seq, personal, enabled, scope_set, created_day, expires_day, last_used_day
  );
  CREATE INDEX token_of_owner_by_created_at ON token (
    owner_id, created_at, seq, personal, enabled, scope_set, expires_day, last_used_day
  );
  CREATE INDEX token_of_owner_by_expires_at ON token (
    owner_id, expires_at, seq, personal, enabled, scope_set, created_day, last_used_day
  );
  CREATE INDEX token_of_owner_by_modified_at ON token (
    owner_id, modified_at, seq, personal, enabled, scope_set, created_day, expires_day, last_used_day
  );
  CREATE INDEX token_of_owner_by_last_used_at ON token (
    owner_id, last_used_at, seq, personal, enabled, scope_set, created_day, expires_day
  );

  -- The newest changes, numbered without gaps, for the watchers of all processes. The last one is never deleted.
  CREATE TABLE change (seq INTEGER PRIMARY KEY, environment_id INTEGER NOT NULL, token TEXT NOT NULL) STRICT;
  `,
]

/** The column of each sort. Its indexes are `token_by_` and `token_of_owner_by_` with the column's name. */
export const SORT_COLUMNS: Readonly<Record<SortKey, string>> = {
  name: 'name',
  lastUsedAt: 'last_used_at',
  createdAt: 'created_at',
  expiresAt: 'expires_at',
  modifiedAt: 'modified_at',
}

/**
 * Brings a file to the newest version, creating the tables in an empty one. Others may do the same at the same time.
 * Throws `ERR_STORE`, and leaves the file as it is, if it is of another program or of a newer version.
 */
export function migrate(db: Database, path: string, migrations: readonly string[] = MIGRATIONS): void {
  if (schemaVersion(db, path, migrations.length) === migrations.length) return
  transaction(db, () => {
    for (const step of migrations.slice(schemaVersion(db, path, migrations.length))) db.exec(step)
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`)
  })
}

/** In one statement, since another process may be creating the tables. */
const HEADER = `
  SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
    (SELECT count(*) FROM sqlite_schema)`

function schemaVersion(db: Database, path: string, newest: number): number {
  const [application, version, tables] = (db.get(HEADER) ?? []).map(Number)
  if (application === 0 && version === 0 && tables === 0) return 0
  if (application !== APPLICATION_ID) {
    throw storeUnavailable(`${path} belongs to another program: it is not a Latchkey file.`)
  }
  if (version === undefined || version > newest) {
    throw storeUnavailable(
      `${path} was written by a newer version of Latchkey (schema ${version}; this one knows up to ${newest}).`,
    )
  }
  return version
}
