import {
  type Admission,
  type ApiToken,
  clientSignal,
  createGuard,
  createRouter,
  type DeniedRequest,
  encodeResponse,
  type GuardOptions as GuardBaseOptions,
  type HttpRequest,
  type HttpResponse,
  type InstanceSource,
  instancesOf,
  isAnswered,
  mountOf,
  optionError,
  type RoutesOptions as RoutesBaseOptions,
  readJson,
  streamBody,
} from '@latchkey/core/adapter'
import type { Context, Middleware, Next, ParameterizedContext } from 'koa'

/** What a guard adds to `ctx.state`. */
export interface TokenState {
  /** The token that let this request in. */
  apiToken: ApiToken
}

/** Answers a refused request in the host's own way. `denied.response` is the answer that would have been given. */
export type DeniedHandler = (denied: DeniedRequest, ctx: Context, next: Next) => void | Promise<void>

/** What `requireToken` takes. */
export interface GuardOptions<Scope extends string> extends GuardBaseOptions<Scope> {
  /** Default: the answer of RFC 6750, as JSON. */
  readonly onDenied?: DeniedHandler | undefined
}

/** What `tokenRoutes` takes. */
export interface RoutesOptions extends RoutesBaseOptions<Context> {
  /** Where the routes are, without a slash at the end: `/api/v2/apiTokens`. Other paths are passed on. */
  readonly path: string
}

/** The two things to mount. */
export interface KoaAuth<Scope extends string> {
  /**
   * A guard: lets a request with a valid token on, with `ctx.state.apiToken` set, and answers all others. The admission is
   * remembered for the request, so a second guard costs nothing. A request that the host has answered meanwhile is left
   * alone. Throws a `TypeError` for unknown options, and for scopes that are not plain or not declared.
   *
   * @example
   * router.get('/reports', requireToken({ scopes: ['reports.read'] }), (ctx) => {
   *   ctx.body = { owner: ctx.state.apiToken.owner }
   * })
   */
  requireToken(options?: GuardOptions<Scope>): Middleware<TokenState>
  /**
   * The management routes. Throws a `TypeError` for unknown options, and for a path that no request could have.
   *
   * @example
   * app.use(tokenRoutes({ path: '/api/v2/apiTokens', dialect: 'dynatrace' }))
   */
  tokenRoutes(options: RoutesOptions): Middleware<object>
}

/**
 * Latchkey for Koa 2 and 3. The client's address is `ctx.ip`, so the app's `proxy` and `maxIpsCount` decide what it is.
 * `latchkey`: one instance, or a function that picks one for each request.
 *
 * @example
 * const latchkey = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
 * const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)
 * const app = new Koa()
 * app.use(tokenRoutes({ path: '/api/v2/apiTokens' }))
 * app.use(requireToken({ scopes: ['reports.read'] }))
 */
export function latchkeyKoa<Scope extends string>(latchkey: InstanceSource<Context, Scope>): KoaAuth<Scope> {
  const { instance, instanceFor } = instancesOf(latchkey)

  function requireToken(options: GuardOptions<Scope> = {}): Middleware<TokenState> {
    const guard = createGuard<Scope>(options, ['onDenied'], instance)
    const { onDenied } = options

    function settle(ctx: ParameterizedContext<TokenState>, next: Next, admission: Admission): Promise<void> | void {
      if (isAnswered(ctx.res)) return
      if (admission.ok) {
        ctx.state.apiToken = admission.token
        const { cacheControl } = admission
        if (cacheControl !== undefined && !ctx.res.hasHeader('Cache-Control')) ctx.set('Cache-Control', cacheControl)
        return next()
      }
      if (onDenied !== undefined) return onDenied(admission, ctx as unknown as Context, next)
      send(ctx, admission.response)
    }

    return (ctx, next) => {
      const { headers, rawHeaders } = ctx.req
      const request = { headers, rawHeaders, ip: addressOf(ctx), forgeableBy: () => forgeableBy(ctx) }
      const admission = guard(instanceFor(ctx as unknown as Context), request, ctx.req)
      return admission instanceof Promise
        ? admission.then((late) => settle(ctx, next, late))
        : settle(ctx, next, admission)
    }
  }

  function tokenRoutes(options: RoutesOptions): Middleware<object> {
    const router = createRouter(options, ['path'])
    const { path: mount } = options
    assertPath(mount)
    const handle: Middleware<object> = async (ctx, next) => {
      if (ctx.path !== mount && !ctx.path.startsWith(`${mount}/`)) return next()
      const { method, search, originalUrl } = ctx
      const { headers, rawHeaders } = ctx.req
      const path = ctx.path.slice(mount.length)
      const request: HttpRequest = {
        ...{ method, mount: mountOf(originalUrl, path, mount), path, search },
        ...{ headers, rawHeaders, ip: addressOf(ctx) },
        body: () => readJson(ctx.req, Reflect.get(ctx.request, 'body')),
        forgeableBy: () => forgeableBy(ctx),
        signal: clientSignal(ctx.res),
      }
      const response = await router(instanceFor(ctx), request, ctx)
      if (isAnswered(ctx.res)) return response?.release?.()
      if (response === undefined) return next()
      send(ctx, response)
    }
    return refuseRouterUse(handle)
  }

  return { requireToken, tokenRoutes }
}

/** A path is compared with the one that clients send, so it must be written as they send it. */
function assertPath(path: string): void {
  if (typeof path !== 'string' || !PATH.test(path)) {
    throw optionError('tokenRoutes.path', 'must look like /api/tokens, without a slash at its end')
  }
  const sent = path === '' ? '' : new URL(path, 'http://host').pathname
  if (sent !== path) throw optionError('tokenRoutes.path', `can never match, since clients send it as ${sent}`)
}

/**
 * Makes `router.use(tokenRoutes(…))` of @koa/router fail at once. It would call the routes only where a route of its own
 * matches, so never. It looks for the property `router`, which a router's middleware has.
 */
function refuseRouterUse(handle: Middleware<object>): Middleware<object> {
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

/** Empty, or segments that each begin with a slash. */
const PATH = /^(?:\/[^/?#]+)*$/

function send(ctx: Pick<Context, 'status' | 'set' | 'body' | 'res'>, response: HttpResponse): void {
  const { status, headers, body } = encodeResponse(response, true)
  ctx.status = status
  if (body !== '') ctx.body = typeof body === 'string' ? body : streamBody(body, ctx.res, response)
  ctx.set({ ...headers })
}
