// biome-ignore lint/style/noRestrictedImports: runs before the packages are installed, and so without their names.
import { findPgbouncer, findPostgres } from '../test/servers/programs.mjs'
import { installProgram } from './install.mjs'
import { Failure, say } from './step.mjs'

const POSTGRES = {
  name: 'PostgreSQL',
  find: findPostgres,
  variable: 'POSTGRES_BIN',
  source: { apt: 'postgresql', brew: 'postgresql@17', service: 'postgresql' },
  advice:
    'The tests of the PostgreSQL store need PostgreSQL (12 or newer), and it could not be installed here. ' +
    'Install it, or set POSTGRES_BIN to the folder of its programs.',
}

const PGBOUNCER = {
  name: 'PgBouncer',
  find: findPgbouncer,
  variable: 'PGBOUNCER_BIN',
  source: { apt: 'pgbouncer', brew: 'pgbouncer', service: 'pgbouncer' },
  advice:
    'The tests of the PostgreSQL store need PgBouncer, and it could not be installed here. ' +
    'Install it, or set PGBOUNCER_BIN to its path.',
}

/**
 * Makes sure that the tests can start PostgreSQL servers of their own, and PgBouncer in front of them, and says so. Uses
 * POSTGRES_BIN and PGBOUNCER_BIN, else what is on the machine; what is not there is installed. Throws a `Failure` that
 * says what to do.
 */
export async function ensurePostgres() {
  for (const program of [POSTGRES, PGBOUNCER]) await ensure(program)
}

async function ensure({ name, find, variable, source, advice }) {
  const there = find()
  if (there) return say(`${name} ${there.version} is there (${there.path})`)
  if (process.env[variable]) throw new Failure(`${variable} is ${process.env[variable]}, where there is no ${name}.`)
  await installProgram(source, advice)
  const installed = find()
  if (!installed) throw new Failure(advice)
  say(`${name} ${installed.version} is there now (${installed.path})`)
}
