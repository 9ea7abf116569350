import { type Database, transaction } from './database.js'
import { Problem } from './problem.js'
import { DAY_OF_USE } from './rows.js'

/** "Lkey": marks the file as ours in SQLite's header. */
const APPLICATION_ID = 0x4c6b6579

/** `detail` was an object of fewer members; now it is a list: see rows.ts. `owner`: what has the owner's name. */
const detailAsList = (owner: string) => `json_remove(
  json_array(
    prefix || '.' || public, ${plain('t.name')}, ${plain(owner)},
    json(iif(t.personal, 'true', 'false')), json(iif(enabled, 'true', 'false')), version,
    created, nullif(expires, 9007199254740991), nullif(modified, -1), rotated,
    json(detail -> 'scopes'), json(detail -> 'networks'),
    json((
      SELECT json_group_array(json(CASE WHEN s.value ->> 'until' IS NULL
        THEN json_array(s.value ->> 'gen', s.value ->> 'hash', s.value ->> 'tag')
        ELSE json_array(s.value ->> 'gen', s.value ->> 'hash', s.value ->> 'tag', s.value ->> 'until') END))
      FROM json_each(detail, '$.secrets') s)),
    json(detail -> 'retired'), json(detail -> 'metadata')),
  CASE WHEN detail -> 'metadata' IS NULL THEN '$[14]' ELSE '$[15]' END)`

/** What `columnText` does to a text, undone. */
function plain(column: string): string {
  return `replace(replace(${column}, char(1, 1), char(0)), char(1, 2), char(1))`
}

/** `uses` was a list without the address of the token's own last use. */
const USES_WITH_IP = `'[' || json_quote(used_ip) || iif(uses = '[]', '', ',') || substr(uses, 2)`

/**
 * What turns a file of version i into one of version i + 1; an empty file has version 0. Never change a step that was
 * released: add one. Each runs inside the transaction that also raises the version.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE environment (
    env INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dataset TEXT NOT NULL, sealing_key TEXT NOT NULL,
    tokens INTEGER NOT NULL DEFAULT 0, personal INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  -- Owners and scopes that some token has, and exactly how many: lists are planned and counted by these numbers.
  CREATE TABLE owner (
    owner INTEGER PRIMARY KEY, env INTEGER NOT NULL, name TEXT NOT NULL,
    tokens INTEGER NOT NULL DEFAULT 0, personal INTEGER NOT NULL DEFAULT 0, UNIQUE (env, name)
  ) STRICT;
  CREATE TABLE scope (
    scope INTEGER PRIMARY KEY, env INTEGER NOT NULL, name TEXT NOT NULL, bit INTEGER NOT NULL,
    tokens INTEGER NOT NULL DEFAULT 0, personal INTEGER NOT NULL DEFAULT 0, UNIQUE (env, name)
  ) STRICT;

  -- Absent times are sentinels, so that plain indexes order them: -1 for never used and never modified, the largest
  -- number for never expiring. uses: JSON, the last use of each secret that the token has now. detail: JSON, whatever
  -- is only ever read with the whole record. One row per token: each further table is a page more that a write touches.
  CREATE TABLE token (
    n INTEGER PRIMARY KEY, env INTEGER NOT NULL, public TEXT NOT NULL, prefix TEXT NOT NULL, name TEXT NOT NULL,
    owner INTEGER NOT NULL, personal INTEGER NOT NULL, enabled INTEGER NOT NULL, version INTEGER NOT NULL,
    created INTEGER NOT NULL, expires INTEGER NOT NULL, modified INTEGER NOT NULL, rotated INTEGER,
    used INTEGER NOT NULL, used_ip TEXT, scope_bits INTEGER NOT NULL, uses TEXT NOT NULL, detail TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX token_by_public ON token (env, public);
  -- One index per sort. n breaks ties; behind it stands what filters need, so that a walk reads no other page.
  CREATE INDEX token_by_name ON token (env, name, n, scope_bits, owner, personal);
  CREATE INDEX token_by_created ON token (env, created, n, scope_bits, owner, personal);
  CREATE INDEX token_by_expires ON token (env, expires, n, scope_bits, owner, personal);
  CREATE INDEX token_by_modified ON token (env, modified, n, scope_bits, owner, personal);
  -- These two also serve the other sorts: within a range of last use, and of one owner's tokens.
  CREATE INDEX token_by_used ON token (env, used, n, scope_bits, owner, personal, created, expires, modified, name);
  CREATE INDEX token_by_owner ON token (owner, used, n, scope_bits, personal, created, expires, modified, name);

  CREATE TABLE token_scope (
    scope INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (scope, n)
  ) STRICT, WITHOUT ROWID;

  -- The newest changes, for watchers. The last one is never removed, so that numbers only grow.
  CREATE TABLE change (seq INTEGER PRIMARY KEY, env INTEGER NOT NULL, id TEXT NOT NULL) STRICT;

  -- The bits that are taken, at most 52 an environment: a new scope must not cost a look at all others.
  CREATE INDEX scope_by_bit ON scope (env, bit) WHERE bit < 52;
  `,
  `
  -- Tokens that have just come, until they are filed in the tables above: see arrivals.ts. n: what it will be there.
  -- owner: the name. scopes: JSON of their names. The other columns are those of token, so that whatever is taken in can
  -- be filed.
  CREATE TABLE arrival (
    env INTEGER NOT NULL, public TEXT NOT NULL, n INTEGER NOT NULL, prefix TEXT NOT NULL, name TEXT NOT NULL,
    owner TEXT NOT NULL, personal INTEGER NOT NULL, enabled INTEGER NOT NULL, version INTEGER NOT NULL,
    created INTEGER NOT NULL, expires INTEGER NOT NULL, modified INTEGER NOT NULL, rotated INTEGER,
    used INTEGER NOT NULL, used_ip TEXT, scopes TEXT NOT NULL, uses TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (env, public)
  ) STRICT, WITHOUT ROWID;
  -- A process that knows no arrivals would take their numbers.
  CREATE TRIGGER token_was_arrival BEFORE INSERT ON token
  WHEN NOT EXISTS (SELECT 1 FROM arrival WHERE env = NEW.env AND public = NEW.public AND n = NEW.n)
  BEGIN SELECT RAISE(ABORT, 'a process of an older version of Latchkey writes to this file'); END;
  `,
  `
  -- Tokens lose the columns that lists do not search by: the whole record stands in detail, but for its last uses. used_day:
  -- the day of the last use, behind the other sorts, so that a walk past a range of last uses reads no other page. (Whoever
  -- knows no arrivals knows too many columns now, and can write no token.)
  CREATE TABLE next_token (
    n INTEGER PRIMARY KEY, env INTEGER NOT NULL, public TEXT NOT NULL, prefix TEXT NOT NULL, name TEXT NOT NULL,
    owner INTEGER NOT NULL, personal INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
    modified INTEGER NOT NULL, used INTEGER NOT NULL, used_day INTEGER NOT NULL, scope_bits INTEGER NOT NULL,
    uses TEXT NOT NULL, detail TEXT NOT NULL
  ) STRICT;
  INSERT INTO next_token
    SELECT n, t.env, public, prefix, t.name, t.owner, t.personal, created, expires, modified, used, ${DAY_OF_USE}, scope_bits,
      ${USES_WITH_IP}, ${detailAsList('o.name')}
    FROM token t JOIN owner o ON o.owner = t.owner ORDER BY n;
  DROP TABLE token;
  ALTER TABLE next_token RENAME TO token;
  CREATE UNIQUE INDEX token_by_public ON token (env, public);
  CREATE INDEX token_by_name ON token (env, name, n, scope_bits, owner, personal, used_day);
  CREATE INDEX token_by_created ON token (env, created, n, scope_bits, owner, personal, used_day);
  CREATE INDEX token_by_expires ON token (env, expires, n, scope_bits, owner, personal, used_day);
  CREATE INDEX token_by_modified ON token (env, modified, n, scope_bits, owner, personal, used_day);
  CREATE INDEX token_by_used ON token (env, used, n, scope_bits, owner, personal, created, expires, modified, name);
  CREATE INDEX token_by_owner ON token (owner, used, n, scope_bits, personal, created, expires, modified, name);

  -- seq of an arrival: what its coming is among the changes. (Those that are there now have been told once already.)
  CREATE TABLE next_arrival (
    env INTEGER NOT NULL, public TEXT NOT NULL, n INTEGER NOT NULL, seq INTEGER NOT NULL, prefix TEXT NOT NULL,
    name TEXT NOT NULL, owner TEXT NOT NULL, personal INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
    modified INTEGER NOT NULL, used INTEGER NOT NULL, scopes TEXT NOT NULL, uses TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (env, public)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO next_arrival
    SELECT env, public, n, row_number() OVER (ORDER BY n) + (SELECT coalesce(max(seq), 0) FROM change), prefix, t.name, t.owner,
      t.personal, created, expires, modified, used, scopes, ${USES_WITH_IP}, ${detailAsList('t.owner')}
    FROM arrival t;
  DROP TABLE arrival;
  ALTER TABLE next_arrival RENAME TO arrival;
  `,
  `
  -- Each arrival behind the one before, and no index: whoever writes one mostly writes one page. (Processes of the version
  -- before cannot write any: they name a key that is gone. All else they do is right.)
  CREATE TABLE next_arrival (
    n INTEGER PRIMARY KEY, seq INTEGER NOT NULL, env INTEGER NOT NULL, public TEXT NOT NULL, prefix TEXT NOT NULL,
    name TEXT NOT NULL, owner TEXT NOT NULL, personal INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
    modified INTEGER NOT NULL, used INTEGER NOT NULL, scopes TEXT NOT NULL, uses TEXT NOT NULL, detail TEXT NOT NULL
  ) STRICT;
  INSERT INTO next_arrival
    SELECT n, seq, env, public, prefix, name, owner, personal, created, expires, modified, used, scopes, uses, detail
    FROM arrival;
  DROP TABLE arrival;
  ALTER TABLE next_arrival RENAME TO arrival;
  `,
]

/** Throws `Problem` for a file of a newer version or of another program. Changes nothing. */
export function assertOurs(db: Database, path: string): void {
  versionNow(db, path, MIGRATIONS.length)
}

/** Brings the file to the newest version, creating the tables in an empty one. Safe against others doing the same. */
export function migrate(db: Database, path: string, migrations: readonly string[] = MIGRATIONS): void {
  if (versionNow(db, path, migrations.length) < migrations.length) {
    transaction(db, 'IMMEDIATE', () => {
      for (let version = versionOf(db, path, migrations.length); version < migrations.length; version++) {
        db.exec(migrations[version] ?? '')
      }
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`)
    })
  }
}

/** At one moment: another process may be creating the tables right now. */
function versionNow(db: Database, path: string, newest: number): number {
  return transaction(db, 'DEFERRED', () => versionOf(db, path, newest))
}

/** Within a transaction. */
function versionOf(db: Database, path: string, newest: number): number {
  const refuse = (why: string) => new Problem(`${path} ${why}`)
  const application = db.pragma('application_id')
  const version = Number(db.pragma('user_version'))
  const tables = db.sql('SELECT count(*) FROM sqlite_master').get()?.[0]
  if (application === 0 && version === 0 && tables === 0) return 0
  if (application !== APPLICATION_ID) throw refuse('belongs to another program: it is not a Latchkey file.')
  if (version > newest) {
    throw refuse(`was written by a newer version of Latchkey (schema ${version}; this one knows up to ${newest}).`)
  }
  return version
}

/** Reads the whole file and throws `Problem` if its pages or their order are damaged. Takes time in its size. */
export function checkIntegrity(db: Database, path: string): void {
  const found = db.pragma('quick_check(1)')
  if (found !== 'ok') {
    throw new Problem(`${path} is damaged (${String(found)}); restore it from a backup.`)
  }
}
