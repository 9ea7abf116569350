import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Failure, say, step } from './step.mjs'

/**
 * Makes sure that the tests can start `redis-server` processes of their own, and says so in one line. Uses
 * REDIS_SERVER_BIN, else the one of the path; where there is none it is installed (Debian, Ubuntu: apt; macOS: brew).
 * No service is left running that was not running before. Throws a `Failure` that says what to do.
 */
export async function ensureRedis() {
  const binary = process.env.REDIS_SERVER_BIN ?? 'redis-server'
  const version = versionOf(binary)
  if (version) return say(`redis-server ${version} is there (${binary})`)
  if (process.env.REDIS_SERVER_BIN) {
    throw new Failure(`REDIS_SERVER_BIN is ${binary}, which cannot be run as a redis-server.`)
  }
  if (process.platform === 'darwin') await step('install redis-server (brew)', 'brew', ['install', 'redis'], ADVICE)
  else if (existsSync('/usr/bin/apt-get')) await installByApt()
  else throw new Failure(ADVICE.onFailure)
  const installed = versionOf(binary)
  if (!installed) throw new Failure(ADVICE.onFailure)
  say(`redis-server ${installed} is there now (${binary})`)
}

const ADVICE = {
  onFailure:
    'The tests of the Redis store need a redis-server (6.2 or newer), and it could not be installed here. ' +
    'Install Redis or Valkey, or set REDIS_SERVER_BIN to the path of its server.',
}

async function installByApt() {
  const isRoot = process.getuid?.() === 0
  if (!isRoot && spawnSync('sudo', ['-n', 'true']).status !== 0) throw new Failure(ADVICE.onFailure)
  // In run level 1 the package's scripts do not start the service.
  const env = ['env', 'RUNLEVEL=1', 'DEBIAN_FRONTEND=noninteractive']
  const run = async (title, ...command) => {
    const [program = '', ...args] = isRoot ? command : ['sudo', '-n', ...command]
    await step(title, program, args, ADVICE)
  }
  await run('update the package lists (apt-get update)', ...env, 'apt-get', 'update', '-q')
  await run(
    'install redis-server (apt-get)',
    ...[...env, 'apt-get', 'install', '-y', '-q', '--no-install-recommends', 'redis-server'],
  )
  // systemd starts it all the same; it was not there before, so it is ours to stop.
  if (existsSync('/run/systemd/system')) await run('stop its service', 'systemctl', 'stop', 'redis-server')
}

function versionOf(binary) {
  const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  return status === 0 ? (/v=(\S+)/.exec(stdout)?.[1] ?? 'of unknown version') : undefined
}
