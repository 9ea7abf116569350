import { startChild } from '../lib/child.js'
import { expect } from '../lib/expect.js'
import type { Known } from '../lib/issue.js'
import type { Framework, GuardName } from './guarded.js'
import type { ServerAnswers } from './server.js'
import { wrk } from './wrk.js'

/** A server gets faster for about so long. */
const WARM_UP_SECONDS = 4
const SECONDS = 1

export interface HttpFigures {
  readonly rps: number
  readonly p99Us: number
  /** CPU time of the server process for one request. */
  readonly cpuUs: number
}

export interface MeasuredServer {
  /** Another second of requests. */
  measure(): Promise<HttpFigures>
  stop(): Promise<void>
}

/** Starts one server in a process of its own, sees that it is right, and warms it up. */
export async function startServer(framework: Framework, guard: GuardName, known: Known): Promise<MeasuredServer> {
  const program = new URL('./server.js', import.meta.url)
  const server = await startChild<ServerAnswers>(program, [framework, guard, JSON.stringify(known)])
  const { port, authorization, forged } = await server.ask('where')
  const url = `http://127.0.0.1:${port}/`
  const name = `${framework}-${guard}`
  expect((await status(url, authorization)) === 200, `${name} lets a good credential in`)
  if (guard !== 'bare') {
    expect((await status(url, forged)) === 401, `${name} refuses a forged credential`)
    expect((await status(url)) === 401, `${name} refuses a request without a credential`)
  }
  await wrk(url, authorization, WARM_UP_SECONDS)
  return {
    async measure() {
      const before = await server.ask('cpu')
      const { requests, us, p99Us } = await wrk(url, authorization, SECONDS)
      const cpu = (await server.ask('cpu')) - before
      return { rps: requests / (us / 1e6), p99Us, cpuUs: cpu / requests }
    },
    stop: () => server.stop(),
  }
}

async function status(url: string, authorization?: string): Promise<number> {
  const response = await fetch(url, { headers: { ...(authorization !== undefined && { authorization }) } })
  await response.arrayBuffer()
  return response.status
}
