import type { RequestListener } from 'node:http'
import { answer } from '../harness/child.js'
import { serve } from '../harness/http.js'
import { expect } from '../harness/observe.js'
import type { KnownToken } from '../harness/tokens.js'
import { type FrameworkName, type GuardedApp, type GuardName, guardedApp } from './guards.js'

/** So many requests go to one application before the next one takes over. */
const BLOCK = 250

/** What one application needed for one block of requests. */
type Block = {
  /** Requests per second of wall time. */
  readonly rps: number
  /** CPU time of the process for one request. */
  readonly cpuUs: number
}

/** The arguments of this program, as JSON. */
export interface ServerArguments {
  readonly framework: FrameworkName
  /** One, or several that take over from each other. */
  readonly guards: readonly GuardName[]
  readonly known: KnownToken
}

const { framework, guards, known } = JSON.parse(process.argv[2] ?? '') as ServerArguments
const apps = await Promise.all(guards.map((name) => guardedApp(framework, name, known)))
for (const [i, app] of apps.entries()) await check(app, guards[i] === 'bare')

const listeners = apps.map(withOwnCredential)
const [only, ...others] = listeners
const rotation = rotate(listeners)
const url = await serve(only !== undefined && others.length === 0 ? only : rotation.listener)
const questions = {
  url: () => url,
  /** CPU time of this process so far, in µs. */
  cpuUs() {
    const { user, system } = process.cpuUsage()
    return user + system
  },
  blocks: () => rotation.takeBlocks(),
}
export type ServerQuestions = typeof questions
answer(questions)

async function check({ listener, authorization, forged }: GuardedApp, open: boolean): Promise<void> {
  const address = await serve(listener)
  const status = async (headers: Record<string, string>) => {
    const response = await fetch(address, { headers })
    await response.arrayBuffer()
    return response.status
  }
  expect((await status({ authorization })) === 200, 'a guard admits a good credential')
  if (open) return
  expect((await status({ authorization: forged })) === 401, 'a guard refuses a forged credential')
  expect((await status({})) === 401, 'a guard refuses a request without a credential')
}

/** All clients send the opaque token. Guards that take another credential get theirs in its place. */
function withOwnCredential({ listener, authorization }: GuardedApp): RequestListener {
  if (authorization === `Bearer ${known.token}`) return listener
  return (req, res) => {
    req.headers.authorization = authorization
    // Hono reads this list.
    const at = req.rawHeaders.findIndex((name) => name.toLowerCase() === 'authorization')
    if (at >= 0) req.rawHeaders[at + 1] = authorization
    listener(req, res)
  }
}

/**
 * One server for several applications, which take over from each other. A block ends when all of its requests have been
 * answered. What arrives before that waits, so one application pays for a block alone.
 */
function rotate(listeners: readonly RequestListener[]) {
  let blocks: Block[][] = listeners.map(() => [])
  let current = 0
  let block = begin()
  let waiting: Parameters<RequestListener>[] = []

  const listener: RequestListener = (req, res) => {
    if (block.started === BLOCK) {
      waiting.push([req, res])
      return
    }
    const own = block
    if (own.started++ === 0) Object.assign(own, { start: process.hrtime.bigint(), cpu: process.cpuUsage() })
    res.once('close', () => {
      if (++own.finished === BLOCK && own === block) next()
    })
    listeners[current]?.(req, res)
  }

  function next(): void {
    const seconds = Number(process.hrtime.bigint() - block.start) / 1e9
    const { user, system } = process.cpuUsage(block.cpu)
    blocks[current]?.push({ rps: BLOCK / seconds, cpuUs: (user + system) / BLOCK })
    current = (current + 1) % listeners.length
    block = begin()
    const arrived = waiting
    waiting = []
    for (const [req, res] of arrived) if (!res.destroyed) listener(req, res)
  }

  return {
    listener,
    /**
     * The blocks since the last call, by application. An unfinished block is lost: call it while no requests arrive.
     */
    takeBlocks() {
      const taken = blocks
      blocks = listeners.map(() => [])
      block = begin()
      waiting = []
      return taken
    },
  }
}

function begin() {
  return { started: 0, finished: 0, start: process.hrtime.bigint(), cpu: process.cpuUsage() }
}
