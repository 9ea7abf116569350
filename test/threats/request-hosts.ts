// Hosts on every supported version of the frameworks, with what stands around guards and routes in real ones.
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLatchkey, type Latchkey, type LatchkeyOptions, memoryStore, type TokenStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyFastify } from '@latchkey/fastify'
import { latchkeyKoa } from '@latchkey/koa'
import { testHasher } from '@latchkey/testkit'
import connectTimeout from 'connect-timeout'
import express4 from 'express4'
import express5 from 'express5'
import { type FastifyReply, type FastifyRequest, fastify, type onRequestHookHandler } from 'fastify'
import type { Middleware } from 'koa'
import Koa2 from 'koa2'
import Koa3 from 'koa3'
import { onTestFinished } from 'vitest'
import { type Call, client } from './client.js'

/** The headers of a request, as a middleware may change them. */
export type HeaderEditor = Pick<Headers, 'get' | 'set' | 'delete'>

/**
 * Management is at `/tokens`, `/reports` needs the scope `reports.read`, `/twice` needs it in two guards, `/rendered`
 * has an `onDenied` that answers 418. Guarded routes answer with the id of the token that they see.
 */
export interface RequestPlan {
  readonly latchkey: Latchkey
  /** What a middleware in front of everything does to the headers. */
  readonly edit?: (headers: HeaderEditor) => void
  /** A middleware in front of everything reads the body, and leaves nothing of it. */
  readonly readsBody?: boolean
  /** What a middleware in front of everything sets. */
  readonly cacheControl?: string | undefined
  /** Stands between the two guards of `/twice`. */
  readonly between?: () => Promise<void>
  /** Believes a proxy on this machine. */
  readonly trustsProxy?: boolean
  /** Answers 503 by itself to whatever takes longer, in ms. */
  readonly timeout?: number
  /** Of the management routes. */
  readonly authorize?: () => Promise<undefined>
  /** Told of each request that a guard has let in, or that `onDenied` was asked about. */
  readonly reached?: (path: string) => void
}

/** A middleware of Node's kind. */
type NodeMiddleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => Promise<void>

function middlewares({
  edit,
  readsBody,
  cacheControl,
  between,
}: RequestPlan): Record<'before' | 'wait', NodeMiddleware> {
  return {
    async before(req, res, next) {
      edit?.(editorOf(req.headers))
      if (readsBody) for await (const _ of req);
      if (cacheControl !== undefined) res.setHeader('Cache-Control', cacheControl)
      next()
    },
    async wait(_req, _res, next) {
      await between?.()
      next()
    },
  }
}

function editorOf(headers: IncomingHttpHeaders): HeaderEditor {
  return {
    get: (name) => headers[name]?.toString() ?? null,
    set(name, value) {
      headers[name] = value
    },
    delete(name) {
      delete headers[name]
    },
  }
}

function onExpress(framework: typeof express5, plan: RequestPlan): RequestListener {
  const { reached = () => undefined } = plan
  const { before, wait } = middlewares(plan)
  const { requireToken, tokenRoutes } = latchkeyExpress(plan.latchkey)
  const guard = requireToken({ scopes: ['reports.read'] })
  const app = framework()
  app.set('trust proxy', plan.trustsProxy === true ? 'loopback' : false)
  app.set('env', 'test')
  if (plan.timeout !== undefined) app.use(connectTimeout(String(plan.timeout)))
  app.use(before)
  const seen = (req: express5.Request, res: express5.Response) => {
    reached(req.path)
    res.json({ id: req.apiToken?.id })
  }
  app.use('/tokens', tokenRoutes({ authorize: plan.authorize }))
  app.all('/reports', guard, seen)
  app.all('/twice', guard, wait, guard, seen)
  const onDenied = (_denied: object, req: express5.Request, res: express5.Response) => {
    reached(req.path)
    res.sendStatus(418)
  }
  app.all('/rendered', requireToken({ scopes: ['reports.read'], onDenied }), seen)
  return app
}

function onKoa(Framework: typeof Koa3, plan: RequestPlan): RequestListener {
  const { timeout, reached = () => undefined } = plan
  const { before, wait } = middlewares(plan)
  const { requireToken, tokenRoutes } = latchkeyKoa(plan.latchkey)
  const guard = requireToken({ scopes: ['reports.read'] })
  const app = new Framework({ proxy: plan.trustsProxy === true, maxIpsCount: 1 })
  app.silent = true
  if (timeout !== undefined) {
    app.use(async (ctx, next) => {
      const late = new Promise((resolve) => setTimeout(resolve, timeout, 'late'))
      if ((await Promise.race([next(), late])) !== 'late') return
      ctx.status = 503
      ctx.body = 'Response timeout'
    })
  }
  app.use(koaMiddleware(before))
  app.use(tokenRoutes({ path: '/tokens', authorize: plan.authorize }))
  const seen: Middleware = (ctx) => {
    reached(ctx.path)
    ctx.body = { id: ctx.state.apiToken?.id }
  }
  const onDenied = (_denied: object, ctx: Parameters<Middleware>[0]) => {
    reached(ctx.path)
    ctx.status = 418
  }
  const rendered = requireToken({ scopes: ['reports.read'], onDenied })
  app.use(at('/reports', guard, seen))
  app.use(at('/twice', guard, koaMiddleware(wait), guard, seen))
  app.use(at('/rendered', rendered, seen))
  return app.callback()
}

function onFastify(plan: RequestPlan): RequestListener {
  const { timeout, reached = () => undefined } = plan
  const { before, wait } = middlewares(plan)
  const { plugin, requireToken, tokenRoutes } = latchkeyFastify(plan.latchkey)
  const guard = requireToken({ scopes: ['reports.read'] })
  const app = fastify({ trustProxy: plan.trustsProxy === true ? 'loopback' : false })
  app.register(plugin)
  if (timeout !== undefined) {
    app.addHook('onRequest', (_request, reply, done) => {
      const timer = setTimeout(() => void reply.code(503).send('Response timeout'), timeout)
      reply.raw.once('close', () => clearTimeout(timer))
      done()
    })
  }
  app.addHook('onRequest', fastifyHook(before))
  // Its own routes take any body, also one without a type.
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.register(tokenRoutes({ authorize: plan.authorize }), { prefix: '/tokens' })
  const seen = async (request: FastifyRequest) => {
    reached(request.url)
    return { id: request.apiToken?.id }
  }
  const onDenied = (_denied: object, request: FastifyRequest, reply: FastifyReply) => {
    reached(request.url)
    reply.code(418).send()
  }
  app.all('/reports', { onRequest: guard }, seen)
  app.all('/twice', { onRequest: [guard, fastifyHook(wait), guard] }, seen)
  app.all('/rendered', { onRequest: requireToken({ scopes: ['reports.read'], onDenied }) }, seen)
  const ready = app.ready()
  return (req, res) => void ready.then(() => app.routing(req, res))
}

function fastifyHook(middleware: NodeMiddleware): onRequestHookHandler {
  return (request, reply, done) => {
    const proceed = (error?: unknown) => done(error as Error | undefined)
    middleware(request.raw, reply.raw, proceed).catch(proceed)
  }
}

function koaMiddleware(middleware: NodeMiddleware): Middleware {
  return (ctx, next) =>
    new Promise((resolve, reject) => {
      const proceed = (error?: unknown) => (error === undefined ? resolve(next()) : reject(error))
      middleware(ctx.req, ctx.res, proceed).catch(reject)
    })
}

/** Runs the middlewares one after another for one path. */
function at(path: string, ...chain: readonly Middleware[]): Middleware {
  return (ctx, next) => {
    const run = async (index: number): Promise<unknown> => chain[index]?.(ctx, () => run(index + 1))
    return ctx.path === path ? run(0) : next()
  }
}

// The types of two majors differ, what these hosts use of them does not.
export const EXPRESSES = [
  ['Express 4', express4 as unknown as typeof express5],
  ['Express 5', express5],
] as const
export const KOAS = [
  ['Koa 2', Koa2 as unknown as typeof Koa3],
  ['Koa 3', Koa3],
] as const

export type RequestHosts = readonly (readonly [name: string, mount: (plan: RequestPlan) => RequestListener])[]

/** By name: makes a listener for a `node:http` server. */
export const HOSTS: RequestHosts = [
  ...EXPRESSES.map(([name, framework]) => [name, (plan: RequestPlan) => onExpress(framework, plan)] as const),
  ...KOAS.map(([name, framework]) => [name, (plan: RequestPlan) => onKoa(framework, plan)] as const),
  ['Fastify 5', onFastify],
]

export const TTL = 60_000

export interface Setting {
  readonly latchkey: Latchkey
  readonly clock: { at: number }
  /** Makes a token of `alice`, and returns its text. */
  issue(
    scopes?: readonly string[],
    networks?: readonly string[],
  ): Promise<{ readonly id: string; readonly token: string }>
  /** While held, the store answers nothing. Returns what lets it go on. */
  hold(): () => void
}

/** An instance over a memory store, until the test ends. */
export function setting(options: Partial<LatchkeyOptions> = {}): Setting {
  const clock = { at: Date.UTC(2030, 0, 1) }
  let gate = Promise.resolve()
  const store = heldStore(() => gate)
  const cache = { max: 2_000, ttl: TTL }
  const latchkey = createLatchkey({ prefix: 'acme', store, hasher: testHasher, cache, now: () => clock.at, ...options })
  onTestFinished(() => latchkey.close())
  return {
    ...{ latchkey, clock },
    issue: (scopes = ['reports.read'], networks = []) =>
      latchkey.create({ name: 'n', owner: 'alice', scopes, networks }),
    hold() {
      let release: () => void = () => undefined
      gate = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
  }
}

/** A memory store that looks up nothing before the gate is open. */
function heldStore(gate: () => Promise<void>): TokenStore {
  const store = memoryStore()
  return {
    ...store,
    async open(environment) {
      const opened = await store.open(environment)
      return {
        ...opened,
        async find(id) {
          await gate()
          return opened.find(id)
        },
      }
    },
  }
}

/** Until what was on its way in this process is done. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate)
}

/** Serves until the test ends, over connections that are kept alive. */
export async function serve(
  listener: RequestListener,
  host = '127.0.0.1',
): Promise<{ readonly url: string; readonly call: Call; readonly server: Server; connections(): number }> {
  let connections = 0
  const server = createServer(listener).on('connection', () => void connections++)
  server.listen(0, host)
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, call: client(url), server, connections: () => connections }
}
