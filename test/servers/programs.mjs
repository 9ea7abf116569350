import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

// Plain JavaScript, since tools/ looks for programs before anything is compiled.

/** Where packages put the programs of each version, outside of the path. */
const VERSION_FOLDERS = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']
const PROGRAMS = ['initdb', 'postgres', 'pg_basebackup']

/** The folder of PostgreSQL's programs. Throws a sentence if there is none. */
export function postgresFolder() {
  const found = findPostgres()
  if (found === undefined)
    throw new Error('PostgreSQL is not there: install it, or set POSTGRES_BIN to the folder of its programs')
  return found.path
}

/** The path of PgBouncer. Throws a sentence if there is none. */
export function pgbouncerBinary() {
  const found = findPgbouncer()
  if (found === undefined) throw new Error('PgBouncer is not there: install it, or set PGBOUNCER_BIN to its path')
  return found.path
}

/** POSTGRES_BIN, else a folder of the path, else that of the newest version. */
export function findPostgres() {
  const given = process.env.POSTGRES_BIN
  for (const path of given ? [given] : [...pathFolders(), ...versionFolders()]) {
    if (!PROGRAMS.every((name) => existsSync(join(path, name)))) continue
    const version = versionOf(join(path, 'postgres'))
    if (version) return { path, version }
  }
  return undefined
}

/** PGBOUNCER_BIN, else the one of the path. */
export function findPgbouncer() {
  const given = process.env.PGBOUNCER_BIN
  for (const path of given ? [given] : [...pathFolders(), '/usr/sbin'].map((folder) => join(folder, 'pgbouncer'))) {
    const version = existsSync(path) ? versionOf(path) : undefined
    if (version) return { path, version }
  }
  return undefined
}

function pathFolders() {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
}

function versionFolders() {
  return VERSION_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^(?:postgresql@)?\d+$/.test(name))
      .sort((a, b) => Number(/\d+/.exec(b)) - Number(/\d+/.exec(a)))
      .map((name) => join(folder, name, 'bin')),
  )
}

function versionOf(binary) {
  const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  return status === 0 ? (/(\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? 'of unknown version') : undefined
}
