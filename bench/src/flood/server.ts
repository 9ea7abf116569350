import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { argon2id, createLatchkey, type Latchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyKoa } from '@latchkey/koa'
import type { Middleware } from 'koa'
import { expressApp } from '../http/express.js'
import type { Framework } from '../http/guarded.js'
import { koaApp } from '../http/koa.js'
import { answer } from '../lib/child.js'
import { expect } from '../lib/expect.js'
import { SCOPE } from '../lib/issue.js'
import type { FloodTokens } from './tokens.js'

/** What the attacked server tells about itself. */
export interface ServerAnswers {
  /** Where all is open, and where the guard stands. */
  readonly where: { readonly bare: string; readonly guarded: string }
  /** Begins to observe. */
  readonly begin: undefined
  /** What was observed since. */
  readonly end: Observed
  /** How long Argon2 takes for one of many proofs, in ms, when nothing else is asked of it. */
  readonly argon2: number
}

export interface Observed {
  /** How late the event loop was, beyond the resolution of the timer, in ms. */
  readonly delayP99Ms: number
  /** Growth of the heap and of memory outside of it, after collection, in MiB. */
  readonly heapGrowthMiB: number
  /** Slow hashes run meanwhile, refused, and the most that waited at a time. */
  readonly proofs: number
  readonly refused: number
  readonly mostWaiting: number
}

/** How often the delay is sampled, in ms. It is part of what is recorded. */
const RESOLUTION = 1

const [framework = 'koa', file = ''] = process.argv.slice(2) as [Framework?, string?]
const { records } = JSON.parse(readFileSync(file, 'utf8')) as FloodTokens
const store = memoryStore()
const environment = await store.open('default')
for (const record of records) await environment.insert(record)
// Entries are not read again meanwhile, so that reads of the store are those of the forgers.
const latchkey = createLatchkey({ store, cache: { ttl: 3_600_000 } })
await latchkey.ready()
const bare = await listen(listener(framework, undefined))
const guarded = await listen(listener(framework, latchkey))

const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
let before = { memory: 0, proofs: latchkey.stats().proofs }
let mostWaiting = 0
let watching: NodeJS.Timeout | undefined

answer<ServerAnswers>({
  where: () => ({ bare, guarded }),
  async begin() {
    before = { memory: await memoryAfterGc(), proofs: latchkey.stats().proofs }
    mostWaiting = 0
    watching = setInterval(() => {
      mostWaiting = Math.max(mostWaiting, latchkey.stats().proofs.waiting)
    }, 5)
    delay.reset()
    delay.enable()
    return undefined
  },
  async end() {
    delay.disable()
    clearInterval(watching)
    const { done, refused } = latchkey.stats().proofs
    return {
      delayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION),
      heapGrowthMiB: ((await memoryAfterGc()) - before.memory) / 2 ** 20,
      proofs: done - before.proofs.done,
      refused: refused - before.proofs.refused,
      mostWaiting,
    }
  },
  async argon2() {
    const hasher = argon2id()
    const phc = await hasher.hash('a secret')
    const many = 200
    const start = performance.now()
    const lane = async () => {
      for (let i = 0; i < many / 2; i++) expect(await hasher.verify('a secret', phc), 'the secret is right')
    }
    await Promise.all([lane(), lane()])
    return (performance.now() - start) / many
  },
})

function listener(kind: Framework, guard: Latchkey | undefined): RequestListener {
  if (kind === 'express') {
    return expressApp(guard && latchkeyExpress(guard).requireToken({ scopes: [SCOPE] })) as RequestListener
  }
  const middleware = guard && (latchkeyKoa(guard).requireToken({ scopes: [SCOPE] }) as Middleware)
  return koaApp(middleware).callback() as RequestListener
}

async function listen(handler: RequestListener): Promise<string> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler)
  // Room for all that knock at once.
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function memoryAfterGc(): Promise<number> {
  // What is only finalised by a collection goes with the next.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await nextTurn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
