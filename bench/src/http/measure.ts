import { startChild } from '../harness/child.js'
import type { Block } from './rotation.js'
import type { ServerArguments, ServerQuestions } from './server.js'
import { wrk } from './wrk.js'

/** Servers become faster for about as long. */
const WARM_UP_SECONDS = 4

/** What a server does under as many requests as it can answer. */
export interface Figures extends Block {
  readonly p99Us?: number
}

/** A warm server in a process of its own. */
export interface MeasuredServer {
  load(seconds: number): Promise<Figures>
  /** What each of its guards did in each turn of all of them. */
  turns(): Promise<readonly (readonly Block[])[]>
  stop(): Promise<void>
}

export async function startServer(options: ServerArguments): Promise<MeasuredServer> {
  const program = new URL('./server.js', import.meta.url)
  const server = await startChild<ServerQuestions>(program, [JSON.stringify(options)])
  const url = await server.ask('url')
  const authorization = `Bearer ${options.known.token}`
  await wrk(url, authorization, WARM_UP_SECONDS)
  await server.ask('blocks')
  return {
    async load(seconds) {
      const before = await server.ask('cpuUs')
      const { requests, us, p99Us } = await wrk(url, authorization, seconds)
      return { rps: requests / (us / 1e6), p99Us, cpuUs: ((await server.ask('cpuUs')) - before) / requests }
    },
    turns: () => server.ask('blocks'),
    stop: () => server.stop(),
  }
}
