import type { ApiToken } from '../../types.js'
import type { InstanceSource } from '../create-adapter.js'
import type { AdapterOptions, GuardOptions, RoutesOptions } from '../options.js'
import { createFetchAdapter, type FetchAdmission, type FetchDeniedHandler } from './create-fetch-adapter.js'
import type { FetchClient, FetchMount } from './request.js'

/** What `latchkeyFetch` takes. */
export type FetchAdapterOptions = Omit<AdapterOptions<FetchDeniedHandler<Request>>, 'property'>

/** What `requireToken` of `latchkeyFetch` takes. */
export type FetchGuardOptions<Scope extends string = string> = GuardOptions<Scope, FetchDeniedHandler<Request>, Request>

/** What `tokenRoutes` of `latchkeyFetch` takes. */
export type FetchRoutesOptions = RoutesOptions<Request, FetchDeniedHandler<Request>>

/** A guard: says whether a request may go on, and answers those that may not. */
export type FetchGuard<Token> = (request: Request, client: FetchClient) => Promise<FetchAdmission<Token>>

/** Management routes: answers a request, or resolves to `undefined` for one that is not theirs. */
export type FetchRoutes = (request: Request, client: FetchMount) => Promise<Response | undefined>

/** The two things to call. */
export interface FetchAuth<Scope extends string> {
  /**
   * A guard. It resolves to the token that lets the request in, or to the `response` that refuses it. The admission is
   * remembered for the `Request`, so a second guard costs nothing. Rejects with what the host's own code throws. Throws
   * a `TypeError` for unknown options, and for scopes that are not plain or not declared.
   *
   * @example
   * const readers = requireToken({ scopes: ['reports.read'] })
   *
   * export async function GET(request: Request) {
   *   const { token, response } = await readers(request, { ip: addressOf(request) })
   *   return response ?? Response.json({ owner: token.owner })
   * }
   */
  requireToken(options?: FetchGuardOptions<Scope> & { readonly optional?: false | undefined }): FetchGuard<ApiToken>
  /**
   * With `optional: true` a request without a credential is let in too, without a token.
   *
   * @example
   * const anybody = requireToken({ optional: true })
   * const { token, response } = await anybody(request, { ip })
   * return response ?? Response.json({ reader: token?.owner ?? 'anonymous' })
   */
  requireToken(options: FetchGuardOptions<Scope>): FetchGuard<ApiToken | undefined>
  /**
   * The management routes. Throws a `TypeError` for unknown options.
   *
   * @example
   * const routes = tokenRoutes({ dialect: 'latchkey' })
   * const response = await routes(request, { ip, mount: '/tokens' })
   * return response ?? new Response('Not found', { status: 404 })
   */
  tokenRoutes(options?: FetchRoutesOptions): FetchRoutes
}

/**
 * Latchkey for every framework whose handlers take a `Request` and return a `Response`. The client's address is passed
 * with each request, because a `Request` does not know it. `latchkey`: one instance, or a function that picks one for
 * each request. Throws a `TypeError` for unknown options.
 *
 * @example
 * const latchkey = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
 * const { requireToken, tokenRoutes } = latchkeyFetch(latchkey)
 * const readers = requireToken({ scopes: ['reports.read'] })
 * const routes = tokenRoutes({ dialect: 'latchkey' })
 */
export function latchkeyFetch<Scope extends string>(
  latchkey: InstanceSource<Request, Scope>,
  options: FetchAdapterOptions = {},
): FetchAuth<Scope> {
  const adapter = createFetchAdapter<Request, Scope>('latchkeyFetch', latchkey, options, ['onDenied', 'errors'])

  function requireToken(guardOptions: FetchGuardOptions<Scope> = {}) {
    const judge = adapter.guard(guardOptions)
    return async (request: Request, client: FetchClient) => judge(request, request, client, request)
  }

  return {
    // Only an optional guard lets in without a token.
    requireToken: requireToken as FetchAuth<Scope>['requireToken'],
    tokenRoutes(routesOptions = {}) {
      const answer = adapter.routes(routesOptions)
      return (request, client) => answer(request, request, client)
    },
  }
}
