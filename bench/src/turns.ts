import { hash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { RequestHandler } from 'express'
import type { Middleware } from 'koa'
import { expressApp, expressGuards } from './http/express.js'
import { bearer, FRAMEWORKS, type Framework, type GuardName } from './http/guarded.js'
import { knownLatchkey } from './http/known-latchkey.js'
import { koaApp, koaGuards } from './http/koa.js'
import { serveFor } from './http/serve.js'
import { findWrk } from './http/wrk.js'
import { choose, readArgumentsWith } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { expect } from './lib/expect.js'
import { type Known, knownToken } from './lib/issue.js'
import { median } from './lib/median.js'
import { report } from './lib/report.js'

/*
 * What a guard adds to whole requests, with all that follows from it (garbage, the processor's caches): one server whose one
 * route changes its guard every some hundred requests. What two processes of one program differ by does not matter here,
 * nor what else the machine does in the minutes of a run: ratios are taken within each turn of all guards.
 */

const GUARDS = ['bare', 'floor', 'latchkey', 'latchkey-untracked'] as const satisfies readonly GuardName[]
/** Of what a guard does: to hash the credential, and to verify it without the guard's own work around that. */
const STEPS = ['hash', 'verify'] as const
const NAMES = [...GUARDS, ...STEPS]
const BLOCK = 250
/** Until the code has been compiled. */
const WARM_UP_TURNS = 20

/** Whether a credential is good. */
type Check = (token: string) => boolean | Promise<boolean>

/** Wall and CPU time of each block of one guard, in µs per request. */
interface Blocks {
  readonly us: number[]
  readonly cpuUs: number[]
}

const koaOpen: Middleware = (_ctx, next) => next()
const expressOpen: RequestHandler = (_req, _res, next) => next()

const options = readArgumentsWith({ seconds: 60 })
const known = await knownToken()
await findWrk()

const rows = []
for (const { name } of choose(
  FRAMEWORKS.map((framework) => ({ name: framework })),
  options.only,
)) {
  const blocks = NAMES.map((): Blocks => ({ us: [], cpuUs: [] }))
  const listener = await listenerOf(name, known, changing(blocks))
  await serveFor(options.seconds, listener, `Bearer ${known.token}`)
  rows.push(...rowsOf(name, blocks))
}
report('turns', rows, options.json)
if (options.check) checkBounds('turns', rows, options.only)

/** Tells which guard's turn it is, and keeps how long each block took. */
function changing(blocks: readonly Blocks[]): () => number {
  let [at, requests] = [0, 0]
  let [start, cpu] = [process.hrtime.bigint(), process.cpuUsage()]
  return () => {
    if (++requests < BLOCK) return at
    const [now, used] = [process.hrtime.bigint(), process.cpuUsage(cpu)]
    blocks[at]?.us.push(Number(now - start) / 1_000 / BLOCK)
    blocks[at]?.cpuUs.push((used.user + used.system) / BLOCK)
    at = (at + 1) % blocks.length
    requests = 0
    start = process.hrtime.bigint()
    cpu = process.cpuUsage()
    return at
  }
}

async function listenerOf(framework: Framework, secret: Known, turn: () => number): Promise<RequestListener> {
  const checks = [hashed, await verified(secret)]
  if (framework === 'koa') {
    const guards = await Promise.all(
      GUARDS.map(async (name) => (await koaGuards(secret)[name]()).middleware ?? koaOpen),
    )
    const all = [...guards, ...checks.map(koaGuard)]
    return koaApp((ctx, next) => all[turn()]?.(ctx, next)).callback() as RequestListener
  }
  const guards = await Promise.all(
    GUARDS.map(async (name) => (await expressGuards(secret)[name]()).middleware ?? expressOpen),
  )
  const all = [...guards, ...checks.map(expressGuard)]
  return expressApp((req, res, next) => all[turn()]?.(req, res, next)) as RequestListener
}

function koaGuard(check: Check): Middleware {
  return (ctx, next) => {
    const good = check(bearer(ctx.req.headers.authorization) ?? '')
    if (good === true) return next()
    return Promise.resolve(good).then((late) => (late ? next() : ctx.throw(401)))
  }
}

function expressGuard(check: Check): RequestHandler {
  return (req, res, next) => {
    const good = check(bearer(req.headers.authorization) ?? '')
    if (good === true) return next()
    return Promise.resolve(good).then((late) => (late ? next() : void res.status(401).end()))
  }
}

function hashed(token: string): boolean {
  return hash('sha256', token, 'binary').length > 0
}

async function verified(secret: Known): Promise<Check> {
  const latchkey = await knownLatchkey(secret, true)
  const context = { ip: '127.0.0.1' }
  // Some times a minute the entry is too old, and the store must be asked.
  return (token) =>
    latchkey.verifyCached(token, context)?.ok ?? latchkey.verify(token, context).then((verdict) => verdict.ok)
}

function rowsOf(framework: Framework, blocks: readonly Blocks[]) {
  const turns = Math.min(...blocks.map(({ us }) => us.length))
  expect(turns > 4 * WARM_UP_TURNS, `${framework} has ${turns} turns`)
  const seen = blocks.map(({ us, cpuUs }) => ({
    us: us.slice(WARM_UP_TURNS, turns),
    cpuUs: cpuUs.slice(WARM_UP_TURNS, turns),
  }))
  const [bare, floor, , untracked] = seen
  return seen.map(({ us, cpuUs }, i) => {
    /** Of the requests per second: the other's time as a part of this one's. */
    const of = (other: Blocks | undefined) => median(us.map((own, turn) => (other?.us[turn] ?? 0) / own))
    return {
      name: `${framework}-${NAMES[i]}`,
      us: median(us),
      cpuUs: median(cpuUs),
      cpuOverBare: median(cpuUs.map((own, turn) => own - (bare?.cpuUs[turn] ?? 0))),
      ofBare: of(bare),
      ofFloor: of(floor),
      ofUntracked: of(untracked),
    }
  })
}
