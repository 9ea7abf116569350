import {
  type Admission,
  assertMount,
  createAdapter,
  type DeniedRequest,
  encodeResponse,
  type GuardedRequest,
  type HttpRequest,
  type HttpResponse,
  type InstanceSource,
  isAnswered,
  maxHeadersCountOf,
  mountOf,
  optionError,
  readJson,
  routedRequest,
  streamBody,
} from '@latchkey/core/adapter'
import type { Context, Middleware, Next } from 'koa'
import type { AdapterOptions, DeniedHandler, GuardOptions, KoaAuth, RoutesOptions } from './types.js'

/**
 * Latchkey for Koa 2 and 3. The client's address is `ctx.ip`, so the app's `proxy` and `maxIpsCount` decide what it is.
 * `latchkey`: one instance, or a function that picks one for each request. Throws a `TypeError` for unknown options.
 *
 * @example
 * const latchkey = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
 * const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)
 * const app = new Koa()
 * app.use(tokenRoutes({ path: '/tokens', dialect: 'latchkey' }))
 * app.use(requireToken({ scopes: ['reports.read'] }))
 */
export function latchkeyKoa<Scope extends string, Property extends string = 'apiToken'>(
  latchkey: InstanceSource<Context, Scope>,
  options: AdapterOptions<Property> = {},
): KoaAuth<Scope, Property> {
  const adapter = createAdapter<Context, Scope, DeniedHandler>('latchkeyKoa', latchkey, options)
  const { property } = adapter

  function requireToken(guardOptions: GuardOptions<Scope> = {}): Middleware {
    const { judge, onDenied } = adapter.guard(guardOptions)

    function settle(ctx: Context, next: Next, admission: Admission): Promise<void> | void {
      if (isAnswered(ctx.res)) return
      if (!admission.ok) return refuse(onDenied, admission, ctx, next)
      ctx.state[property] = admission.token
      const { cacheControl } = admission
      if (cacheControl !== undefined && !ctx.res.hasHeader('Cache-Control')) ctx.set('Cache-Control', cacheControl)
      return next()
    }

    return (ctx, next) => {
      const admission = judge(ctx, clientRequest(ctx), ctx.req)
      return admission instanceof Promise
        ? admission.then((late) => settle(ctx, next, late))
        : settle(ctx, next, admission)
    }
  }

  function tokenRoutes(routesOptions: RoutesOptions): Middleware<object> {
    const { answer, onDenied } = adapter.routes(routesOptions, ['path'])
    const { path: mount } = routesOptions
    assertMount('tokenRoutes.path', mount)
    const handle: Middleware = async (ctx, next) => {
      if (ctx.path !== mount && !ctx.path.startsWith(`${mount}/`)) return next()
      const answered = await answer(ctx, httpRequest(ctx, mount))
      if (isAnswered(ctx.res)) return answered?.response.release?.()
      if (answered === undefined) return next()
      if (answered.denied !== undefined) return refuse(onDenied, answered.denied, ctx, next)
      send(ctx, answered.response)
    }
    return refuseRouterUse(handle)
  }

  // The type of a guard says what it adds to `ctx.state`.
  return { requireToken: requireToken as KoaAuth<Scope, Property>['requireToken'], tokenRoutes }
}

function httpRequest(ctx: Context, mount: string): HttpRequest {
  const { method, search, originalUrl } = ctx
  const path = ctx.path.slice(mount.length)
  return routedRequest(clientRequest(ctx), ctx.res, {
    method,
    mount: mountOf(originalUrl, path, mount),
    path,
    search,
    body: () => readJson(ctx.req, Reflect.get(ctx.request, 'body')),
  })
}

/** What is read of a request. */
function clientRequest(ctx: Context): GuardedRequest {
  const { headers, rawHeaders } = ctx.req
  return {
    headers,
    rawHeaders,
    maxHeadersCount: maxHeadersCountOf(ctx.req),
    ip: addressOf(ctx),
    forgeableBy: () => forgeableBy(ctx),
  }
}

/**
 * Makes `router.use(tokenRoutes(…))` of @koa/router fail at once. It would call the routes only where a route of its
 * own matches, so never. It looks for the property `router`, which a router's middleware has.
 */
function refuseRouterUse(handle: Middleware): Middleware<object> {
  const problem =
    'must be mounted with app.use or router.all, because router.use calls only what one of its routes matches'
  const refuse = (): never => {
    throw optionError('tokenRoutes', problem)
  }
  return Object.defineProperty(handle, 'router', { get: refuse })
}

/** Koa says '' where it knows no address. */
function addressOf({ ip }: { readonly ip: string }): string | undefined {
  return ip === '' ? undefined : ip
}

/** The setting that lets a client choose the address that counts: the leftmost of the list that arrived. */
function forgeableBy({ app, ips }: Pick<Context, 'app' | 'ips'>): string | undefined {
  const { proxy, maxIpsCount } = app
  if (!proxy) return undefined
  if (maxIpsCount === 0) return "Koa's `proxy` without `maxIpsCount`"
  const isShort = ips.length > 0 && ips.length < maxIpsCount
  return isShort ? 'a `maxIpsCount` of Koa that is greater than the number of proxies' : undefined
}

function refuse(
  onDenied: DeniedHandler | undefined,
  denied: DeniedRequest,
  ctx: Context,
  next: Next,
): Promise<void> | void {
  if (onDenied === undefined) send(ctx, denied.response)
  else return onDenied(denied, ctx, next)
}

function send(ctx: Pick<Context, 'status' | 'set' | 'body' | 'res'>, response: HttpResponse): void {
  const { status, headers, body } = encodeResponse(response, true)
  ctx.status = status
  if (body !== '') ctx.body = typeof body === 'string' ? body : streamBody(body, ctx.res, response)
  ctx.set({ ...headers })
}
