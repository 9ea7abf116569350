import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Failure, step } from './step.mjs'

/**
 * Installs a program that tests or benchmarks start (Debian, Ubuntu: apt; macOS: brew). If it comes with a service, that
 * is not left running. Throws a `Failure` with the advice where it cannot be done.
 */
export async function installProgram({ apt, brew, service }, advice) {
  const onFailure = { onFailure: advice }
  if (process.platform === 'darwin') return step(`install ${brew} (brew)`, 'brew', ['install', brew], onFailure)
  if (!existsSync('/usr/bin/apt-get')) throw new Failure(advice)
  const isRoot = process.getuid?.() === 0
  if (!isRoot && spawnSync('sudo', ['-n', 'true']).status !== 0) throw new Failure(advice)
  // In run level 1 the package's scripts do not start the service.
  const env = ['env', 'RUNLEVEL=1', 'DEBIAN_FRONTEND=noninteractive']
  const run = async (title, ...command) => {
    const [program = '', ...args] = isRoot ? command : ['sudo', '-n', ...command]
    await step(title, program, args, onFailure)
  }
  await run('update the package lists (apt-get update)', ...env, 'apt-get', 'update', '-q')
  const install = ['apt-get', 'install', '-y', '-q', '--no-install-recommends']
  await run(`install ${apt} (apt-get)`, ...env, ...install, apt)
  // systemd starts it all the same; it was not there before, so it is ours to stop.
  if (service && existsSync('/run/systemd/system')) await run('stop its service', 'systemctl', 'stop', service)
}
