import type {
  AdapterOptions as AdapterBaseOptions,
  ApiToken,
  DeniedRequest,
  GuardOptions as GuardBaseOptions,
  RoutesOptions as RoutesBaseOptions,
} from '@latchkey/core/adapter'
import type { Context, Middleware, Next } from 'koa'

/** What a guard adds to `ctx.state`: the token that let this request in. */
export type TokenState<Property extends string = 'apiToken', Token = ApiToken> = { [Name in Property]: Token }

/** Answers a refused request in the host's own way. `denied.response` is the answer that would have been given. */
export type DeniedHandler = (denied: DeniedRequest, ctx: Context, next: Next) => void | Promise<void>

/** What `latchkeyKoa` takes. `property` names a member of `ctx.state`. */
export type AdapterOptions<Property extends string = string> = AdapterBaseOptions<DeniedHandler, Property>

/** What `requireToken` takes. */
export type GuardOptions<Scope extends string = string> = GuardBaseOptions<Scope, DeniedHandler, Context>

/** What `tokenRoutes` takes. */
export interface RoutesOptions extends RoutesBaseOptions<Context, DeniedHandler> {
  /** Where the routes are, without a slash at the end: `/tokens`. Other paths are passed on. */
  readonly path: string
}

/** The two things to mount. */
export interface KoaAuth<Scope extends string, Property extends string = 'apiToken'> {
  /**
   * A guard: lets a request with a valid token on, with `ctx.state.apiToken` set, and answers all others. The admission
   * is remembered for the request, so a second guard costs nothing. A request that the host has answered meanwhile is
   * left alone. Throws a `TypeError` for unknown options, and for scopes that are not plain or not declared.
   *
   * @example
   * router.get('/reports', requireToken({ scopes: ['reports.read'] }), (ctx) => {
   *   ctx.body = { owner: ctx.state.apiToken.owner }
   * })
   */
  requireToken(
    options?: GuardOptions<Scope> & { readonly optional?: false | undefined },
  ): Middleware<TokenState<Property>>
  /**
   * With `optional: true` a request without a credential is let in too, without a token.
   *
   * @example
   * router.get('/news', requireToken({ optional: true }), (ctx) => {
   *   ctx.body = { reader: ctx.state.apiToken?.owner ?? 'anonymous' }
   * })
   */
  requireToken(options: GuardOptions<Scope>): Middleware<TokenState<Property, ApiToken | undefined>>
  /**
   * The management routes. Throws a `TypeError` for unknown options, and for a path that no request could have.
   *
   * @example
   * app.use(tokenRoutes({ path: '/tokens', dialect: 'latchkey' }))
   */
  tokenRoutes(options: RoutesOptions): Middleware<object>
}
