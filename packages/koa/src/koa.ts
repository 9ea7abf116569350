import type { IncomingMessage } from 'node:http'
import {
  type Admission,
  type ApiToken,
  type Caller,
  checkRoutes,
  type DialectName,
  encodeResponse,
  type GuardDenial,
  guardOnce,
  guardScopes,
  type HttpResponse,
  handleRequest,
  type Latchkey,
  optionError,
  readJson,
  restrictsAddress,
  warnForgeableAddress,
} from '@latchkey/core/adapter'
import type { Context, Middleware, Next, ParameterizedContext } from 'koa'

/** What a guard adds to `ctx.state`. */
export interface TokenState {
  /** The token that let this request in. */
  apiToken: ApiToken
}

/** Answers a refused request in the host's own way. `denied.response` is the answer that would have been given. */
export type DeniedHandler = (
  denied: { readonly denial: GuardDenial; readonly response: HttpResponse },
  ctx: Context,
  next: Next,
) => void | Promise<void>

/** What `requireToken` takes. */
export interface GuardOptions<Scope extends string> {
  /** Plain scopes, all of which the token must cover. Default none: any valid token is let in. */
  readonly scopes?: readonly Scope[]
  /** Default: the answer of RFC 6750, as JSON. */
  readonly onDenied?: DeniedHandler
}

/** What `tokenRoutes` takes. */
export interface RoutesOptions {
  /** Where the routes are, without a slash at the end: `/api/v2/apiTokens`. Other paths are passed on. */
  readonly path: string
  /** Default `dynatrace`. */
  readonly dialect?: DialectName
  /**
   * The host's own sign-in: who calls, or `undefined` to leave it to the request's token. It must authenticate, and
   * protect against cross-site requests if it relies on cookies. Asked again when a body has arrived.
   */
  readonly authorize?: (ctx: Context) => Caller | undefined | Promise<Caller | undefined>
}

/** The two things to mount. */
export interface KoaAuth<Scope extends string> {
  /**
   * A guard: lets a request with a good token on, with `ctx.state.apiToken` set, and answers all others. Verdicts are
   * remembered per request, so a second guard costs nothing. Throws a `TypeError` for scopes that are not plain,
   * and for options that it does not know.
   */
  requireToken(options?: GuardOptions<Scope>): Middleware<TokenState>
  /** The management routes. Throws a `TypeError` for a path that no request could have. */
  tokenRoutes(options: RoutesOptions): Middleware<object>
}

/**
 * Latchkey for Koa 2 and 3. The client's address is `ctx.ip`, so the app's `proxy` and `maxIpsCount` decide what it is.
 * `latchkey`: one instance, or a function that picks one for each request.
 */
export function latchkeyKoa<Scope extends string>(
  latchkey: Latchkey<Scope> | ((ctx: Context) => Latchkey<Scope>),
): KoaAuth<Scope> {
  const instanceFor = typeof latchkey === 'function' ? latchkey : () => latchkey

  function requireToken(options: GuardOptions<Scope> = {}): Middleware<TokenState> {
    const scopes = guardScopes(options, ['onDenied'])
    const { onDenied } = options

    function settle(ctx: ParameterizedContext<TokenState>, next: Next, admission: Admission): Promise<void> | void {
      if (ctx.app.proxy && ctx.app.maxIpsCount === 0 && restrictsAddress(admission)) {
        warnForgeableAddress("Koa's `proxy` without `maxIpsCount`")
      }
      if (admission.ok) {
        ctx.state.apiToken = admission.token
        return next()
      }
      if (onDenied !== undefined) return onDenied(admission, ctx as unknown as Context, next)
      send(ctx, admission.response)
    }

    return (ctx, next) => {
      const instance = instanceFor(ctx as unknown as Context)
      const admission = guardOnce(instance, new LazyRequest(ctx), { scopes })
      return admission instanceof Promise
        ? admission.then((late) => settle(ctx, next, late))
        : settle(ctx, next, admission)
    }
  }

  function tokenRoutes(options: RoutesOptions): Middleware<object> {
    checkRoutes(options, ['path'])
    const { path: mount, dialect = 'dynatrace', authorize } = options
    if (typeof mount !== 'string' || !PATH.test(mount)) {
      throw optionError('tokenRoutes.path', 'must look like /api/tokens, without a slash at its end')
    }
    return async (ctx, next) => {
      if (ctx.path !== mount && !ctx.path.startsWith(`${mount}/`)) return next()
      const request = {
        method: ctx.method,
        mount,
        path: ctx.path.slice(mount.length),
        search: ctx.search,
        headers: ctx.headers,
        rawHeaders: ctx.req.rawHeaders,
        ip: ctx.ip || undefined,
        body: () => readJson(ctx.req, Reflect.get(ctx.request, 'body')),
      }
      const answer = await handleRequest(instanceFor(ctx), request, {
        dialect,
        authorize: authorize && (() => authorize(ctx)),
      })
      if (answer === undefined) return next()
      send(ctx, answer)
    }
  }

  return { requireToken, tokenRoutes }
}

/** Koa takes a while to find out the address: most requests are spared it. */
class LazyRequest {
  readonly key: IncomingMessage
  readonly rawHeaders: readonly string[]
  private readonly ctx: { readonly ip: string }

  constructor(ctx: { readonly req: IncomingMessage; readonly ip: string }) {
    this.ctx = ctx
    this.key = ctx.req
    this.rawHeaders = ctx.req.rawHeaders
  }

  get ip(): string | undefined {
    return this.ctx.ip || undefined
  }
}

/** Empty, or segments that each begin with a slash. */
const PATH = /^(?:\/[^/?#]+)*$/

function send(ctx: Pick<Context, 'status' | 'set' | 'body'>, response: HttpResponse): void {
  const { status, headers, body } = encodeResponse(response)
  ctx.status = status
  if (body !== '') ctx.body = body
  ctx.set({ ...headers })
}
