import type { RequestListener } from 'node:http'
import { tokenConsole } from '@latchkey/console'
import { latchkeyKoa, type RoutesOptions } from '@latchkey/koa'
import Koa, { type Context, type Middleware } from 'koa'
import proxyAddr from 'proxy-addr'
import type { Environments } from './environments.js'
import { METRICS, metricsAccepted, reportsOf, whoami } from './resources.js'
import type { HostLatchkey } from './tokens.js'

/** The host on Koa. */
export function koaHost(latchkey: HostLatchkey, environments: Environments): RequestListener {
  const app = new Koa()
  // Trust X-Forwarded-For from a proxy on this machine only. Koa has no option for that: `proxy: true` trusts the client.
  const trusted = proxyAddr.compile('loopback')
  app.use((ctx, next) => {
    ctx.request.ip = proxyAddr(ctx.req, trusted)
    return next()
  })

  const page = tokenConsole({ tokenLink: true })
  app.use(tokenRoutes(latchkey, { path: '/tokens', dialect: 'latchkey', resources: true, console: page }))
  app.use(tokenRoutes(latchkey, { path: '/api/v2/apiTokens' }))
  app.use(tokenRoutes(latchkey, { path: '/api-tokens', dialect: 'panther' }))
  app.use(metrics(latchkey, ''))
  const { requireToken } = latchkeyKoa(latchkey)
  app.use(
    route('GET', '/whoami', requireToken(), (ctx) => {
      ctx.body = whoami(ctx.state.apiToken)
    }),
  )

  const ofProject = ({ path }: Context) => `project:${projectIn(path)}`
  app.use(
    route('GET', PROJECT_REPORTS, requireToken({ scopes: ['reports.read'], resource: ofProject }), (ctx) => {
      ctx.body = reportsOf(projectIn(ctx.path) ?? '')
    }),
  )

  const authorize: RoutesOptions['authorize'] = ({ req, ip }) =>
    environments.authorize({ headers: req.headers, rawHeaders: req.rawHeaders, ip })
  app.use((ctx, next) => {
    const [, mount = '', name = ''] = /^(\/e\/([^/]+))\//.exec(ctx.path) ?? []
    const instance = environments.instance(name)
    if (instance === undefined) return next()
    const manage = tokenRoutes(instance, { path: `${mount}/api/v2/apiTokens`, authorize })
    return manage(ctx, async () => metrics(instance, mount)(ctx, next))
  })
  return app.callback()
}

const PROJECT_REPORTS = /^\/projects\/([\w.-]+)\/reports$/

function projectIn(path: string): string | undefined {
  return PROJECT_REPORTS.exec(path)?.[1]
}

function tokenRoutes(latchkey: HostLatchkey, options: RoutesOptions): Middleware {
  return latchkeyKoa(latchkey).tokenRoutes(options)
}

function metrics(latchkey: HostLatchkey, mount: string): Middleware {
  const { requireToken } = latchkeyKoa(latchkey)
  const show = route('GET', `${mount}/metrics`, requireToken({ scopes: ['metrics.read'] }), (ctx) => {
    ctx.body = METRICS
  })
  const take = route('POST', `${mount}/metrics`, requireToken({ scopes: ['metrics.ingest'] }), (ctx) => {
    ctx.status = 202
    ctx.body = metricsAccepted()
  })
  return (ctx, next) => show(ctx, async () => take(ctx, next))
}

/** Stands for a router, which the host does without. */
function route(method: string, path: string | RegExp, guard: Middleware, handler: Middleware): Middleware {
  const isHere = (asked: string) => (typeof path === 'string' ? asked === path : path.test(asked))
  return (ctx, next) =>
    isHere(ctx.path) && (ctx.method === method || (ctx.method === 'HEAD' && method === 'GET'))
      ? guard(ctx, async () => handler(ctx, next))
      : next()
}
