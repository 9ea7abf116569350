import { spawnSync } from 'node:child_process'
import { installProgram } from './install.mjs'
import { Failure, say } from './step.mjs'

const ADVICE =
  'The tests of the Redis store need a redis-server (6.2 or newer), and it could not be installed here. ' +
  'Install Redis or Valkey, or set REDIS_SERVER_BIN to the path of its server.'

/**
 * Makes sure that the tests can start `redis-server` processes of their own, and says so in one line. Uses
 * REDIS_SERVER_BIN, else the one of the path; where there is none it is installed. Throws a `Failure` that says what to
 * do.
 */
export async function ensureRedis() {
  const binary = process.env.REDIS_SERVER_BIN ?? 'redis-server'
  const version = versionOf(binary)
  if (version) return say(`redis-server ${version} is there (${binary})`)
  if (process.env.REDIS_SERVER_BIN) {
    throw new Failure(`REDIS_SERVER_BIN is ${binary}, which cannot be run as a redis-server.`)
  }
  await installProgram({ apt: 'redis-server', brew: 'redis', service: 'redis-server' }, ADVICE)
  const installed = versionOf(binary)
  if (!installed) throw new Failure(ADVICE)
  say(`redis-server ${installed} is there now (${binary})`)
}

function versionOf(binary) {
  const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  return status === 0 ? (/v=(\S+)/.exec(stdout)?.[1] ?? 'of unknown version') : undefined
}
