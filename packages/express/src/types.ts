import type {
  AdapterOptions as AdapterBaseOptions,
  ApiToken,
  DeniedRequest,
  GuardOptions as GuardBaseOptions,
  RoutesOptions as RoutesBaseOptions,
} from '@latchkey/core/adapter'
import type { NextFunction, Request, RequestHandler, Response } from 'express'

/** Answers a refused request in the host's own way. `denied.response` is the answer that would have been given. */
export type DeniedHandler = (
  denied: DeniedRequest,
  request: Request,
  response: Response,
  next: NextFunction,
) => void | Promise<void>

/** What `latchkeyExpress` takes. `property` names a member of the request. */
export type AdapterOptions<Property extends string = string> = AdapterBaseOptions<DeniedHandler, Property>

/** What `requireToken` takes. */
export type GuardOptions<Scope extends string = string> = GuardBaseOptions<Scope, DeniedHandler, Request>

/** What `tokenRoutes` takes. */
export type RoutesOptions = RoutesBaseOptions<Request, DeniedHandler>

declare const adds: unique symbol

/**
 * A guard leaves the types of a route's parameters to the route. `Added`: what it adds to the request, as the handlers
 * behind it in the same route see it.
 */
export interface Guard<Added = { apiToken: ApiToken }> {
  <Parameters>(request: Request<Parameters>, response: Response, next: NextFunction): void
  /** For the compiler only. */
  readonly [adds]: Added
}

/** The two things to mount. */
export interface ExpressAuth<Scope extends string, Property extends string = 'apiToken'> {
  /**
   * A guard: lets a request with a valid token on, with `req.apiToken` set, and answers all others. The admission is
   * remembered for the request, so a second guard costs nothing. A request that the host has answered meanwhile is left
   * alone. Throws a `TypeError` for unknown options, and for scopes that are not plain or not declared.
   *
   * @example
   * app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => {
   *   res.json({ owner: req.apiToken.owner })
   * })
   */
  requireToken(
    options?: GuardOptions<Scope> & { readonly optional?: false | undefined },
  ): Guard<{ [Name in Property]: ApiToken }>
  /**
   * With `optional: true` a request without a credential is let in too, without a token.
   *
   * @example
   * app.get('/news', requireToken({ optional: true }), (req, res) => {
   *   res.json({ reader: req.apiToken?.owner ?? 'anonymous' })
   * })
   */
  requireToken(options: GuardOptions<Scope>): Guard<{ [Name in Property]: ApiToken | undefined }>
  /**
   * The management routes. Throws a `TypeError` for unknown options.
   *
   * @example
   * app.use('/tokens', tokenRoutes({ dialect: 'latchkey' }))
   */
  tokenRoutes(options?: RoutesOptions): RequestHandler
}

/** Nothing, if the host has declared a member `apiToken` of its own. */
type TokenOfRequest = 'apiToken' extends keyof Express.Request
  ? object
  : {
      /** The token that let this request in, behind `requireToken`. */
      apiToken?: ApiToken
    }

/** `any`, as Express types what it does not know. */
type Unknown = Request['body']
type UnknownLocals = Record<string, Unknown>

/** A handler behind a guard. */
type Behind<Added, P, ResBody, ReqBody, ReqQuery, Locals extends UnknownLocals> = (
  request: Request<P, ResBody, ReqBody, ReqQuery, Locals> & Added,
  response: Response<ResBody, Locals>,
  next: NextFunction,
) => unknown

/** One handler at least: a route of one handler is none of these overloads. */
type SomeBehind<Added, P, ResBody, ReqBody, ReqQuery, Locals extends UnknownLocals> = [
  Behind<Added, P, ResBody, ReqBody, ReqQuery, Locals>,
  ...Behind<Added, P, ResBody, ReqBody, ReqQuery, Locals>[],
]

// Express types every handler of a route alike. Where the first or the second of them is a guard, these overloads type
// what it adds for those behind it. Types of guards have a member that no function literal has, so for all other routes
// the compiler turns to the overloads of Express before it has looked at the parameters of a literal.
declare module 'express-serve-static-core' {
  interface Request extends TokenOfRequest {}

  interface IRouterMatcher<T> {
    <
      Route extends string,
      Added,
      P = RouteParameters<Route>,
      ResBody = Unknown,
      ReqBody = Unknown,
      ReqQuery = Query,
      Locals extends UnknownLocals = UnknownLocals,
    >(
      path: Route,
      guard: Guard<Added>,
      ...handlers: SomeBehind<Added, P, ResBody, ReqBody, ReqQuery, Locals>
    ): T
    <
      Route extends string,
      Added,
      P = RouteParameters<Route>,
      ResBody = Unknown,
      ReqBody = Unknown,
      ReqQuery = Query,
      Locals extends UnknownLocals = UnknownLocals,
    >(
      path: Route,
      before: RequestHandler<P, ResBody, ReqBody, ReqQuery, Locals>,
      guard: Guard<Added>,
      ...handlers: SomeBehind<Added, P, ResBody, ReqBody, ReqQuery, Locals>
    ): T
  }

  interface IRouterHandler<T, Route> {
    <
      Added,
      P = RouteParameters<Route>,
      ResBody = Unknown,
      ReqBody = Unknown,
      ReqQuery = Query,
      Locals extends UnknownLocals = UnknownLocals,
    >(
      guard: Guard<Added>,
      ...handlers: SomeBehind<Added, P, ResBody, ReqBody, ReqQuery, Locals>
    ): T
    <
      Added,
      P = RouteParameters<Route>,
      ResBody = Unknown,
      ReqBody = Unknown,
      ReqQuery = Query,
      Locals extends UnknownLocals = UnknownLocals,
    >(
      before: RequestHandler<P, ResBody, ReqBody, ReqQuery, Locals>,
      guard: Guard<Added>,
      ...handlers: SomeBehind<Added, P, ResBody, ReqBody, ReqQuery, Locals>
    ): T
  }
}
