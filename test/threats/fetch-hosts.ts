// Hosts that speak fetch: Hono on two kinds of servers, and a function from Request to Response.
import type { IncomingMessage, RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { latchkeyFetch } from '@latchkey/core/fetch'
import { latchkeyHono } from '@latchkey/hono'
import { fetchListener } from '@latchkey/testkit'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { timeout } from 'hono/timeout'
import proxyAddr from 'proxy-addr'
import type { RequestPlan } from './request-hosts.js'

/** As the plan of other hosts, but for middlewares, which change a `Request` here. */
export interface FetchPlan extends Omit<RequestPlan, 'before' | 'between'> {
  /** Stands in front of everything. */
  readonly before?: (request: Request) => Request | Promise<Request>
  /** Stands between the two guards of `/twice`. */
  readonly between?: () => Promise<void>
}

const ignore = () => undefined

export function honoApp(plan: FetchPlan, ip: (c: Context) => string | undefined): Hono {
  const { before, between = async () => {}, reached = ignore } = plan
  const { requireToken, tokenRoutes } = latchkeyHono(plan.latchkey, { ip })
  const guard = requireToken({ scopes: ['reports.read'] })
  const app = new Hono()
  app.onError((error, c) => ('getResponse' in error ? c.text('Response timeout', 503) : c.text('failed', 500)))
  if (plan.timeout !== undefined) app.use(timeout(plan.timeout))
  app.use(async (c, next) => {
    if (before !== undefined) c.req.raw = await before(c.req.raw)
    await next()
  })
  app.route('/tokens', tokenRoutes({ authorize: plan.authorize }))
  const wait: MiddlewareHandler = async (_c, next) => {
    await between()
    await next()
  }
  const seen = (c: Context) => {
    reached(c.req.path)
    return c.json({ id: c.get('apiToken')?.id })
  }
  app.all('/reports', guard, seen)
  app.all('/twice', guard, wait, guard, seen)
  const onDenied = (_denied: object, c: Context) => {
    reached(c.req.path)
    return c.text('', 418)
  }
  app.all('/rendered', requireToken({ scopes: ['reports.read'], onDenied }), seen)
  return app
}

function onNodeServer(plan: FetchPlan): RequestListener {
  const ip = (c: Context) => (plan.trustsProxy ? proxyAddr(c.env.incoming, 'loopback') : getConnInfo(c).remote.address)
  return getRequestListener(honoApp(plan, ip).fetch)
}

function withRequests(plan: FetchPlan): RequestListener {
  const app = honoApp(plan, (c) => c.env.address)
  return fetchListener((request, incoming) => app.request(request, undefined, { address: addressOf(plan, incoming) }))
}

function withoutFramework(plan: FetchPlan): RequestListener {
  const { before = (request: Request) => request, between = async () => {}, reached = ignore } = plan
  const { requireToken, tokenRoutes } = latchkeyFetch(plan.latchkey)
  const guard = requireToken({ scopes: ['reports.read'] })
  const routes = tokenRoutes({ authorize: plan.authorize })

  async function answer(sent: Request, ip: string | undefined): Promise<Response> {
    const request = await before(sent)
    const { pathname } = new URL(request.url)
    const managed = await routes(request, { ip, mount: '/tokens' })
    if (managed !== undefined) return managed
    if (pathname === '/twice') {
      const { response } = await guard(request, { ip })
      if (response !== undefined) return response
      await between()
    }
    const { token, response, cacheControl } = await guard(request, { ip })
    if (response !== undefined) return response
    reached(pathname)
    const headers = new Headers(cacheControl && { 'Cache-Control': cacheControl })
    return Response.json({ id: token.id }, { headers })
  }

  return fetchListener((request, incoming) =>
    answer(request, addressOf(plan, incoming)).catch(() => new Response(null, { status: 500 })),
  )
}

function addressOf({ trustsProxy }: FetchPlan, incoming: IncomingMessage): string | undefined {
  return trustsProxy ? proxyAddr(incoming, 'loopback') : incoming.socket.remoteAddress
}

export const FETCH_HOSTS: readonly (readonly [name: string, mount: (plan: FetchPlan) => RequestListener])[] = [
  ['Hono on @hono/node-server', onNodeServer],
  ['Hono with plain requests', withRequests],
  ['core/fetch', withoutFramework],
]
