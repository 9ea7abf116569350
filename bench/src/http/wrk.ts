import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { stop } from '../harness/arguments.js'

const run = promisify(execFile)
const SCRIPT = fileURLToPath(new URL('../../wrk-summary.lua', import.meta.url))
/** One thread, since the servers have one too and need the other core. */
const OPTIONS = ['-t1', '-c32', '--timeout', '10s']

export interface Load {
  readonly requests: number
  /** How long it took, in µs. */
  readonly us: number
  readonly p99Us: number
}

/** Sends requests as fast as they are answered. Throws if one is not answered with 2xx or 3xx. */
export async function wrk(url: string, authorization: string, seconds: number): Promise<Load> {
  const args = [...OPTIONS, `-d${seconds}s`, '-H', `Authorization: ${authorization}`, '-s', SCRIPT, url]
  const { stdout } = await run('wrk', args)
  const line = stdout.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk printed no summary: ${stdout}`)
  const { failures, ...load } = JSON.parse(line) as Load & { readonly failures: number }
  if (failures > 0 || load.requests === 0) throw new Error(`${failures} of ${load.requests} requests failed: ${stdout}`)
  return load
}

/** Installs wrk by apt if it is missing. Ends the process with a sentence if that fails. */
export async function findWrk(): Promise<void> {
  if (await starts()) return
  process.stderr.write('latchkey: install wrk (apt-get install wrk)\n')
  const command = process.getuid?.() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get']
  try {
    await apt(command, 'update')
    await apt(command, 'install', '-y', '--no-install-recommends', 'wrk')
  } catch {
    stop('this benchmark needs wrk, which apt could not install here: put it on the PATH')
  }
}

async function apt([program = '', ...before]: string[], ...args: string[]): Promise<void> {
  await run(program, [...before, ...args], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
}

async function starts(): Promise<boolean> {
  try {
    await run('wrk', ['-v'])
    return true
  } catch (error) {
    // It exits with 1 after printing its version.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}
