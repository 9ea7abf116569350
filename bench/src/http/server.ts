import type { RequestListener } from 'node:http'
import { answer } from '../harness/child.js'
import { expect } from '../harness/expect.js'
import { serve } from '../harness/serve.js'
import type { KnownToken } from '../harness/tokens.js'
import { express } from './express.js'
import { type FrameworkName, type GuardedApp, type GuardName, guardedApp } from './guards.js'
import { koa } from './koa.js'
import { rotate } from './rotation.js'

/** The arguments of this program, as JSON. */
export interface ServerArguments {
  readonly framework: FrameworkName
  /** One, or several that take over from each other. */
  readonly guards: readonly GuardName[]
  readonly known: KnownToken
}

const { framework, guards, known } = JSON.parse(process.argv[2] ?? '') as ServerArguments
const apps = await Promise.all(
  guards.map((name) => (framework === 'express' ? guardedApp(express, name, known) : guardedApp(koa, name, known))),
)
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
    listener(req, res)
  }
}
