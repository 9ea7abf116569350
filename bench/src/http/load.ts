import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startChild } from '../harness/child.js'
import type { ServerArguments, ServerQuestions } from './server.js'

const SCRIPT = fileURLToPath(new URL('../../wrk-summary.lua', import.meta.url))
/** One thread, since the servers have one too and need the other core. */
const OPTIONS = ['-t1', '-c32', '--timeout', '10s']
/** Servers become faster for about as long. */
const WARM_UP_SECONDS = 4

/** Starts a server in a process of its own, and warms it up. */
export async function startServer(options: ServerArguments) {
  const program = new URL('./server.js', import.meta.url)
  const server = await startChild<ServerQuestions>(program, [JSON.stringify(options)])
  const url = await server.ask('url')
  const authorization = `Bearer ${options.known.token}`
  await wrk(url, authorization, WARM_UP_SECONDS)
  await server.ask('blocks')
  return {
    /** Under as many requests as it can answer. */
    async load(seconds: number) {
      const before = await server.ask('cpuUs')
      const { requests, us, p99Us } = await wrk(url, authorization, seconds)
      return { rps: requests / (us / 1e6), p99Us, cpuUs: ((await server.ask('cpuUs')) - before) / requests }
    },
    /** What each of its guards did in each turn of all of them. */
    turns: () => server.ask('blocks'),
    stop: () => server.stop(),
  }
}

interface Load {
  readonly requests: number
  /** How long it took, in µs. */
  readonly us: number
  readonly p99Us: number
}

/** Sends requests as fast as they are answered. Throws if one is not answered with 2xx or 3xx. */
async function wrk(url: string, authorization: string, seconds: number): Promise<Load> {
  const args = [...OPTIONS, `-d${seconds}s`, '-H', `Authorization: ${authorization}`, '-s', SCRIPT, url]
  const { stdout } = await promisify(execFile)('wrk', args)
  const line = stdout.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk printed no summary: ${stdout}`)
  const { failures, ...load } = JSON.parse(line) as Load & { readonly failures: number }
  if (failures > 0 || load.requests === 0) throw new Error(`${failures} of ${load.requests} requests failed: ${stdout}`)
  return load
}
