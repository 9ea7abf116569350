import type {
  AdapterOptions as AdapterBaseOptions,
  ApiToken,
  FetchDeniedHandler,
  GuardOptions as GuardBaseOptions,
  RoutesOptions as RoutesBaseOptions,
} from '@latchkey/core/fetch'
import type { Context, Hono, MiddlewareHandler } from 'hono'

/** What a guard adds to the `Variables` of a context: the token that let this request in. */
export type TokenVariables<Property extends string = 'apiToken', Token = ApiToken> = { [Name in Property]: Token }

/** Answers a refused request in the host's own way. `denied.response` is the answer that would have been given. */
export type DeniedHandler = FetchDeniedHandler<Context>

/** What `latchkeyHono` takes. `property` names a variable of the context. */
export interface AdapterOptions<Property extends string = string> extends AdapterBaseOptions<DeniedHandler, Property> {
  /**
   * The client's address, which Hono itself does not know. On `@hono/node-server`, without a proxy in front:
   * `(c) => getConnInfo(c).remote.address`. `undefined`: nobody knows it, and tokens that are bound to CIDR blocks are
   * refused. Never return what a client wrote into `X-Forwarded-For`.
   */
  readonly ip: (c: Context) => string | undefined
}

/** What `requireToken` takes. */
export type GuardOptions<Scope extends string = string> = GuardBaseOptions<Scope, DeniedHandler, Context>

/** What `tokenRoutes` takes. */
export type RoutesOptions = RoutesBaseOptions<Context, DeniedHandler>

/** The two things to mount. */
export interface HonoAuth<Scope extends string, Property extends string = 'apiToken'> {
  /**
   * A guard: lets a request with a valid token on, with `c.get('apiToken')` set, and answers all others. The admission is
   * remembered for the context, so a second guard costs nothing. A request that the host has answered meanwhile is left
   * alone. Throws a `TypeError` for unknown options, and for scopes that are not plain or not declared.
   *
   * @example
   * app.get('/reports', requireToken({ scopes: ['reports.read'] }), (c) => c.json({ owner: c.get('apiToken').owner }))
   */
  requireToken(
    options?: GuardOptions<Scope> & { readonly optional?: false | undefined },
  ): MiddlewareHandler<{ Variables: TokenVariables<Property> }>
  /**
   * With `optional: true` a request without a credential is let in too, without a token.
   *
   * @example
   * app.get('/news', requireToken({ optional: true }), (c) => c.text(c.get('apiToken')?.owner ?? 'anonymous'))
   */
  requireToken(
    options: GuardOptions<Scope>,
  ): MiddlewareHandler<{ Variables: TokenVariables<Property, ApiToken | undefined> }>
  /**
   * The management routes: an app to mount in yours. Throws a `TypeError` for unknown options.
   *
   * @example
   * app.route('/tokens', tokenRoutes({ dialect: 'latchkey' }))
   */
  tokenRoutes(options?: RoutesOptions): Hono
}
