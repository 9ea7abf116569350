import { once } from 'node:events'
import { createServer, request as forward, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tokenConsole } from '@latchkey/console'
import {
  type Caller,
  createLatchkey,
  type Latchkey,
  type LatchkeyOptions,
  memoryStore,
  StoreError,
  type TokenStore,
} from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyKoa } from '@latchkey/koa'
import { testHasher } from '@latchkey/testkit'
import express from 'express'
import Koa from 'koa'

export const SCOPES = {
  'reports.read': 'Read reports',
  'reports.write': 'Write reports',
  'logs.read': 'Read logs',
  'logs.ingest': 'Send logs',
} as const

/** Where the page is below the proxy, which takes the first part away. */
const PREFIX = '/portal'
export const MOUNT = '/account/tokens'

/** What a test asks of its tokens, and of the routes in front of them. */
export interface Plan {
  readonly options?: Partial<LatchkeyOptions>
  readonly resources?: boolean
  /** Whom a session's cookie names. With it, the routes have a sign-in of the host. */
  readonly people?: Map<string, Caller>
  readonly sessionOnly?: boolean
  /** Default `true`. */
  readonly tokenLink?: boolean
}

/** Tokens of one test, and the page above them. */
export interface Stage {
  readonly latchkey: Latchkey
  /** The page. */
  readonly url: string
  /** The routes. */
  readonly api: string
  readonly store: TokenStore
  /** Operations of the store that fail, by their names. */
  readonly failing: Set<string>
  /** What happens just before an operation of the store, by its name. What it throws, the operation throws. */
  readonly before: Map<string, () => Promise<void>>
  /** Waited for before the routes are asked. */
  delay: Promise<unknown> | undefined
  /** Every request that arrived: its method and target. */
  readonly log: string[]
}

/** A server on one framework, behind a proxy that takes a prefix away. */
export interface House {
  /** A stage of its own for a test. */
  stage(plan?: Plan): Stage
  close(): Promise<void>
}

type Framework = 'express' | 'koa'

/** One server for all tests on a framework: each has a stage of its own, named in the path. */
export async function openHouse(framework: Framework): Promise<House> {
  const stages = new Map<string, Stage & { readonly handle: RequestListener }>()
  const server = await listen((req, res) => {
    const [, name = ''] = /^\/([^/]*)/.exec(req.url ?? '') ?? []
    const stage = stages.get(name)
    if (stage === undefined) return void res.writeHead(404).end()
    stage.log.push(`${req.method} ${req.url} ${JSON.stringify({ ...req.headers, authorization: undefined })}`)
    void Promise.resolve(isPage(req) ? undefined : stage.delay).then(() => stage.handle(req, res))
  })
  const proxy = await listen((req, res) => {
    const path = (req.url ?? '').slice(PREFIX.length)
    const headers = { ...req.headers, ...FORWARDED, 'x-forwarded-prefix': PREFIX }
    const upstream = forward({ port: portOf(server), method: req.method, path, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
    upstream.on('error', () => res.destroy())
    res.on('close', () => upstream.destroy())
    req.pipe(upstream)
  })
  return {
    stage(plan = {}) {
      const name = `s${stages.size}`
      const failing = new Set<string>()
      const before = new Map<string, () => Promise<void>>()
      const store = faulty(failing, before)
      const latchkey = createLatchkey({
        prefix: 'acme',
        store,
        hasher: testHasher,
        cache: { max: 1_000 },
        scopes: SCOPES,
        lastUsed: { flushInterval: 10 },
        ...plan.options,
      })
      const routes = framework === 'express' ? onExpress : onKoa
      const api = `http://127.0.0.1:${portOf(proxy)}${PREFIX}/${name}${MOUNT}`
      const stage = {
        ...{ latchkey, api, store, failing, before, delay: undefined, log: [] },
        url: `${api}/console/`,
        handle: routes(latchkey, `/${name}${MOUNT}`, plan),
      }
      stages.set(name, stage)
      return stage
    },
    async close() {
      await Promise.all([server, proxy].map(close))
      await Promise.all([...stages.values()].map(({ latchkey }) => latchkey.close()))
    },
  }
}

const FORWARDED = {
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'tokens.example',
  'x-forwarded-for': '203.0.113.7',
}

function isPage(req: IncomingMessage): boolean {
  return req.url?.includes('/console') === true
}

function callerOf({ people }: Plan, { headers }: IncomingMessage): Caller | undefined {
  const [, session = ''] = /(?:^|; )session=([^;]*)/.exec(headers.cookie ?? '') ?? []
  return people?.get(session)
}

function optionsOf(plan: Plan) {
  const { resources, sessionOnly, tokenLink = true } = plan
  return { dialect: 'latchkey', resources, sessionOnly, console: tokenConsole({ tokenLink }) } as const
}

function onExpress(latchkey: Latchkey, path: string, plan: Plan): RequestListener {
  const app = express()
  app.set('trust proxy', 'loopback')
  const authorize = (req: IncomingMessage) => callerOf(plan, req)
  const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
  app.use(path, tokenRoutes({ ...optionsOf(plan), authorize: plan.people && authorize }))
  app.get(/use$/, requireToken(), (_req, res) => void res.json('used'))
  return app
}

function onKoa(latchkey: Latchkey, path: string, plan: Plan): RequestListener {
  const app = new Koa({ proxy: true, maxIpsCount: 1 })
  const authorize = ({ req }: { readonly req: IncomingMessage }) => callerOf(plan, req)
  const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)
  app.use(tokenRoutes({ path, ...optionsOf(plan), authorize: plan.people && authorize }))
  app.use(requireToken())
  app.use((ctx) => {
    ctx.body = '"used"'
  })
  return app.callback()
}

/** A store in memory of which single operations can be made to fail, or to wait for something else. */
function faulty(failing: ReadonlySet<string>, before: ReadonlyMap<string, () => Promise<void>>): TokenStore {
  const store = memoryStore()
  return {
    async open(environment) {
      const opened = await store.open(environment)
      return new Proxy(opened, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name)
          if (typeof member !== 'function') return member
          return (...args: unknown[]) => {
            if (failing.has(String(name))) return Promise.reject(new StoreError('ERR_STORE', 'not there'))
            const first = before.get(String(name))
            return first === undefined ? member.apply(target, args) : first().then(() => member.apply(target, args))
          }
        },
      })
    },
    close: () => store.close(),
  }
}

async function listen(handle: RequestListener): Promise<Server> {
  const server = createServer(handle).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
