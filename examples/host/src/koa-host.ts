import type { RequestListener } from 'node:http'
import { latchkeyKoa } from '@latchkey/koa'
import Koa, { type Middleware } from 'koa'
import proxyAddr from 'proxy-addr'
import type { HostLatchkey } from './tokens.js'

/** The host on Koa. */
export function koaHost(latchkey: HostLatchkey): RequestListener {
  const app = new Koa()
  // Koa cannot say which proxies to believe, and `proxy: true` believes the client; so the address is settled here:
  // the proxy on this machine is believed, nobody else.
  const trusted = proxyAddr.compile('loopback')
  app.use((ctx, next) => {
    ctx.request.ip = proxyAddr(ctx.req, trusted)
    return next()
  })

  const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)
  app.use(tokenRoutes({ path: '/api/v2/apiTokens' }))
  app.use(
    route('GET', '/metrics', requireToken({ scopes: ['metrics.read'] }), (ctx) => {
      ctx.body = { metrics: [{ name: 'requests', value: 1 }] }
    }),
  )
  app.use(
    route('POST', '/metrics', requireToken({ scopes: ['metrics.ingest'] }), (ctx) => {
      ctx.status = 202
      ctx.body = { accepted: true }
    }),
  )
  app.use(
    route('GET', '/whoami', requireToken(), (ctx) => {
      const { id, name, owner, scopes } = ctx.state.apiToken
      ctx.body = { id, name, owner, scopes }
    }),
  )
  return app.callback()
}

/** As much of a router as three routes need. */
function route(method: string, path: string, guard: Middleware, handler: Middleware): Middleware {
  return (ctx, next) =>
    ctx.path === path && (ctx.method === method || (ctx.method === 'HEAD' && method === 'GET'))
      ? guard(ctx, async () => handler(ctx, next))
      : next()
}
