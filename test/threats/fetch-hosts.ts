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
import type { RequestHosts, RequestPlan } from './request-hosts.js'

/** The request after the middleware in front of everything. */
async function before({ edit, readsBody }: RequestPlan, sent: Request): Promise<Request> {
  if (readsBody) await sent.text()
  if (edit === undefined) return sent
  const headers = new Headers(sent.headers)
  edit(headers)
  return new Request(sent, { headers })
}

function honoApp(plan: RequestPlan, ip: (c: Context) => string | undefined): Hono {
  const { cacheControl, between, reached } = plan
  const { requireToken, tokenRoutes } = latchkeyHono(plan.latchkey, { ip })
  const guard = requireToken({ scopes: ['reports.read'] })
  const app = new Hono()
  app.onError((error, c) => ('getResponse' in error ? c.text('Response timeout', 503) : c.text('failed', 500)))
  if (plan.timeout !== undefined) app.use(timeout(plan.timeout))
  app.use(async (c, next) => {
    c.req.raw = await before(plan, c.req.raw)
    if (cacheControl !== undefined) c.header('Cache-Control', cacheControl)
    await next()
  })
  app.route('/tokens', tokenRoutes({ authorize: plan.authorize }))
  const wait: MiddlewareHandler = async (_c, next) => {
    await between?.()
    await next()
  }
  const seen = (c: Context) => {
    reached?.(c.req.path)
    return c.json({ id: c.get('apiToken')?.id })
  }
  app.all('/reports', guard, seen)
  app.all('/twice', guard, wait, guard, seen)
  const onDenied = (_denied: object, c: Context) => {
    reached?.(c.req.path)
    return c.text('', 418)
  }
  app.all('/rendered', requireToken({ scopes: ['reports.read'], onDenied }), seen)
  return app
}

function onNodeServer(plan: RequestPlan): RequestListener {
  const ip = (c: Context) => (plan.trustsProxy ? proxyAddr(c.env.incoming, 'loopback') : getConnInfo(c).remote.address)
  return getRequestListener(honoApp(plan, ip).fetch)
}

function withRequests(plan: RequestPlan): RequestListener {
  const app = honoApp(plan, (c) => c.env.address)
  return fetchListener((request, incoming) => app.request(request, undefined, { address: addressOf(plan, incoming) }))
}

function withoutFramework(plan: RequestPlan): RequestListener {
  const { requireToken, tokenRoutes } = latchkeyFetch(plan.latchkey)
  const guard = requireToken({ scopes: ['reports.read'] })
  const routes = tokenRoutes({ authorize: plan.authorize })

  async function answer(sent: Request, ip: string | undefined): Promise<Response> {
    const request = await before(plan, sent)
    const { pathname } = new URL(request.url)
    const managed = await routes(request, { ip, mount: '/tokens' })
    if (managed !== undefined) return managed
    if (pathname === '/twice') {
      const { response } = await guard(request, { ip })
      if (response !== undefined) return response
      await plan.between?.()
    }
    const { token, response, cacheControl } = await guard(request, { ip })
    if (response !== undefined) return response
    plan.reached?.(pathname)
    const caching = plan.cacheControl ?? cacheControl
    const headers = new Headers(caching === undefined ? {} : { 'Cache-Control': caching })
    return Response.json({ id: token.id }, { headers })
  }

  return fetchListener((request, incoming) =>
    answer(request, addressOf(plan, incoming)).catch(() => new Response(null, { status: 500 })),
  )
}

function addressOf({ trustsProxy }: RequestPlan, incoming: IncomingMessage): string | undefined {
  return trustsProxy ? proxyAddr(incoming, 'loopback') : incoming.socket.remoteAddress
}

export const FETCH_HOSTS: RequestHosts = [
  ['Hono on @hono/node-server', onNodeServer],
  ['Hono with plain requests', withRequests],
  ['core/fetch', withoutFramework],
]
