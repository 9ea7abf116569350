import type { RequestListener } from 'node:http'
import { expressApp, expressGuards } from './http/express.js'
import { FRAMEWORKS, type Framework, type GuardName } from './http/guarded.js'
import { koaApp, koaGuards } from './http/koa.js'
import { serveFor } from './http/serve.js'
import { findWrk } from './http/wrk.js'
import { choose, readArgumentsWith } from './lib/arguments.js'
import { expect } from './lib/expect.js'
import { type Known, knownToken } from './lib/issue.js'
import { median, rotated } from './lib/median.js'
import { report } from './lib/report.js'

/*
 * What a guard takes inside a busy server, beside the floor: both judge each request of one process, the first of them in
 * turns. What two processes of one program differ by (a tenth), far more than a guard takes, does not matter here.
 */

const GUARDS = ['floor', 'latchkey'] as const satisfies readonly GuardName[]
/** Until the code has been compiled. */
const WARM_UP = 10_000

interface Contender {
  readonly name: string
  /** Judges a request; `false` if it was not let in at once: one in some seconds has to wait for the store. */
  judge: (...request: [unknown, unknown]) => boolean
  /** Of every request, and of those where it was the first: the rest of the server has the processor's caches then. */
  readonly ns: number[]
  readonly firstNs: number[]
}

const options = readArgumentsWith({ seconds: 15 })
const all = FRAMEWORKS.map((name) => ({ name }))
const known = await knownToken()
await findWrk()

const rows = []
for (const { name } of choose(all, options.only)) {
  const contenders = await Promise.all(GUARDS.map((guard) => contender(name, guard, known)))
  const requests = await serveFor(options.seconds, listenerOf(name, contenders), `Bearer ${known.token}`)
  for (const { name: row, ns, firstNs } of contenders) {
    expect(ns.length > 0.99 * requests && requests > 2 * WARM_UP, `${name}-${row} lets ${requests} requests in`)
    rows.push({ name: `${name}-${row}`, ns: median(ns.slice(WARM_UP)), firstNs: median(firstNs.slice(WARM_UP / 2)) })
  }
}
report('guards', rows, options.json)

async function contender(framework: Framework, name: GuardName, secret: Known): Promise<Contender> {
  let passed = false
  const next = () => {
    passed = true
    return Promise.resolve()
  }
  const guarded = framework === 'koa' ? await koaGuards(secret)[name]() : await expressGuards(secret)[name]()
  const middleware = guarded.middleware as (...args: unknown[]) => unknown
  const judge = (...request: [unknown, unknown]) => {
    passed = false
    // Koa's context is all that its middleware takes before `next`.
    if (framework === 'koa') middleware(request[0], next)
    else middleware(...request, next)
    return passed
  }
  return { name, judge, ns: [], firstNs: [] }
}

function listenerOf(framework: Framework, contenders: readonly Contender[]): RequestListener {
  let turn = 0
  const judgeAll = (...request: [unknown, unknown]) => {
    const order = rotated(contenders, turn++)
    for (const [place, { judge, ns, firstNs }] of order.entries()) {
      const start = process.hrtime.bigint()
      const passed = judge(...request)
      const took = Number(process.hrtime.bigint() - start)
      if (!passed) continue
      ns.push(took)
      if (place === 0) firstNs.push(took)
    }
  }
  if (framework === 'koa') {
    return koaApp((ctx, next) => {
      judgeAll(ctx, undefined)
      return next()
    }).callback() as RequestListener
  }
  return expressApp((req, res, next) => {
    judgeAll(req, res)
    next()
  }) as RequestListener
}
