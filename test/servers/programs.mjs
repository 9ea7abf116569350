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

/** The path of Chromium. Throws a sentence if there is none. */
export function chromiumBinary() {
  const found = findChromium()
  if (found === undefined) throw new Error('Chromium is not there: install it, or set CHROMIUM_BIN to its path')
  return found.path
}

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const MAC_BROWSERS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** CHROMIUM_BIN, else one of the path, else one among the applications of a Mac. */
export function findChromium() {
  const given = process.env.CHROMIUM_BIN
  const places = pathFolders().flatMap((folder) => CHROMIUM_NAMES.map((name) => join(folder, name)))
  for (const path of given ? [given] : [...places, ...MAC_BROWSERS]) {
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
