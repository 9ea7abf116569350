import type {
  AdapterOptions as AdapterBaseOptions,
  ApiToken,
  DeniedRequest,
  GuardOptions as GuardBaseOptions,
  RoutesOptions as RoutesBaseOptions,
} from '@latchkey/core/adapter'
import type { FastifyPluginCallback, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'

/**
 * Answers a refused request in the host's own way, with `reply.send`. What it returns does not matter, but a promise is
 * waited for. `denied.response` is the answer that would have been given.
 */
export type DeniedHandler = (denied: DeniedRequest, request: FastifyRequest, reply: FastifyReply) => unknown

/** What `latchkeyFastify` takes. `property` names a member of the request. */
export type AdapterOptions = AdapterBaseOptions<DeniedHandler>

/** The parameters of a path before a schema has turned them into anything else. */
export interface StringParams {
  Params: Readonly<Record<string, string>>
}

/** What `requireToken` takes. */
export type GuardOptions<
  Scope extends string = string,
  Route extends RouteGenericInterface = StringParams,
> = GuardBaseOptions<Scope, DeniedHandler, FastifyRequest<Route>>

/** What `tokenRoutes` takes. */
export type RoutesOptions = RoutesBaseOptions<FastifyRequest, DeniedHandler>

/** What a guard needs of a request, so that it fits every server, schema and logger. */
type AnyRequest = Pick<FastifyRequest, 'headers' | 'id' | 'ip'>
type AnyReply = Pick<FastifyReply, 'sent'>

/** A hook of a route or an app: `onRequest`, or any later one up to `preHandler`. */
export type Guard = (request: AnyRequest, reply: AnyReply, done: (error?: Error) => void) => void

/** What to register, and the two things to mount. */
export interface FastifyAuth<Scope extends string> {
  /**
   * Declares `request.apiToken`, so that every request has it from the beginning. Register it once, before your routes; it
   * declares for the app that registers it and all below.
   *
   * @example
   * app.register(plugin)
   */
  readonly plugin: FastifyPluginCallback
  /**
   * A guard: lets a request with a valid token on, with `request.apiToken` set, and answers all others. The admission is
   * remembered for the request, so a second guard costs nothing. A request that the host has answered meanwhile is left
   * alone. Throws a `TypeError` for unknown options, and for scopes that are not plain or not declared.
   *
   * @example
   * app.get('/reports', { onRequest: requireToken({ scopes: ['reports.read'] }) }, async (request) => {
   *   return { owner: request.apiToken?.owner }
   * })
   */
  requireToken<Route extends RouteGenericInterface = StringParams>(options?: GuardOptions<Scope, Route>): Guard
  /**
   * The management routes, a plugin. They read their bodies themselves, whatever content-type parsers the app has. Throws a
   * `TypeError` for unknown options.
   *
   * @example
   * app.register(tokenRoutes({ dialect: 'latchkey' }), { prefix: '/tokens' })
   */
  tokenRoutes(options?: RoutesOptions): FastifyPluginCallback
}

/**
 * Members of `FastifyRequest` that your application declares itself. If `apiToken` is one of them, name it here, and this package
 * leaves it to you. Give the token another name then, by the option `property`.
 *
 * @example
 * declare module '@latchkey/fastify' {
 *   interface HostMembers {
 *     apiToken: true
 *   }
 * }
 */
export interface HostMembers {
  /** Nobody's name: an empty interface would take anything. */
  readonly [none]?: never
}

declare const none: unique symbol

/** Nothing, if the host has declared a member `apiToken` of its own. */
type TokenOfRequest = 'apiToken' extends keyof HostMembers
  ? object
  : {
      /** The token that let this request in, behind `requireToken`. */
      apiToken?: ApiToken
    }

declare module 'fastify' {
  interface FastifyRequest extends TokenOfRequest {}
}
