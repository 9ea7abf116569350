import { optionError } from '../../errors.js'
import type { ApiToken } from '../../types.js'
import type { InstanceSource } from '../create-adapter.js'
import { createAdapter } from '../create-adapter.js'
import type { Admission, DeniedRequest } from '../guard.js'
import { assertMount } from '../mount.js'
import type { AdapterOptions, GuardOptions, RoutesOptions } from '../options.js'
import { type FetchClient, type FetchMount, guardedRequest, routedRequest } from './request.js'
import { toResponse } from './response.js'

/** Answers a refused request in the host's own way. `denied.response` is the answer that would have been given. */
export type FetchDeniedHandler<HostRequest> = (
  denied: DeniedRequest,
  request: HostRequest,
) => Response | Promise<Response>

/** A request that may go on. */
export interface FetchAdmitted<Token = ApiToken | undefined> {
  /** The token that let it in. `undefined`: it has no credential, and the guard is optional. */
  readonly token: Token
  readonly response?: undefined
  /**
   * What the answer's `Cache-Control` must be, unless you set one. Present where the token came by `X-API-Key`: shared
   * caches keep answers apart only for requests with `Authorization` (RFC 9111 §3.5).
   */
  readonly cacheControl?: 'private'
}

/** A request that may not go on. */
export interface FetchRefused {
  /** The answer to send. */
  readonly response: Response
  readonly token?: undefined
  readonly cacheControl?: undefined
}

/** Whether a request may go on: it may if there is no `response`. */
export type FetchAdmission<Token = ApiToken | undefined> = FetchAdmitted<Token> | FetchRefused

/** The guards and routes of a framework that speaks fetch. `HostRequest`: its own request, or context. */
export interface FetchAdapter<HostRequest, Scope extends string> {
  /** The name under which handlers find the token. */
  readonly property: string
  /** `key`: the framework's own request object, for which an admission is remembered. */
  guard(
    options: GuardOptions<Scope, FetchDeniedHandler<HostRequest>, HostRequest>,
  ): (
    hostRequest: HostRequest,
    request: Request,
    client: FetchClient,
    key: object,
  ) => FetchAdmission | Promise<FetchAdmission>
  /** Resolves to `undefined` for a request that is not of the routes. */
  routes(
    options: RoutesOptions<HostRequest, FetchDeniedHandler<HostRequest>>,
  ): (hostRequest: HostRequest, request: Request, client: FetchMount) => Promise<Response | undefined>
}

/**
 * Makes the adapter of a framework that speaks fetch, from what the adapter's function is given. `place`: the name of
 * that function, for errors. `known`: the names of its options. Throws a `TypeError` (`ERR_OPTION`) as `createAdapter`
 * does.
 *
 * @example
 * const { property, guard, routes } = createFetchAdapter<Context, Scope>('latchkeyHono', latchkey, options)
 * const judge = guard({ scopes: ['reports.read'] })
 * const { token, response } = await judge(c, c.req.raw, { ip }, c)
 */
export function createFetchAdapter<HostRequest, Scope extends string>(
  place: string,
  latchkey: InstanceSource<HostRequest, Scope>,
  options: AdapterOptions<FetchDeniedHandler<HostRequest>> = {},
  known?: readonly string[],
): FetchAdapter<HostRequest, Scope> {
  type DeniedHandler = FetchDeniedHandler<HostRequest>
  const adapter = createAdapter<HostRequest, Scope, DeniedHandler>(place, latchkey, options, known)

  function refuse(
    onDenied: DeniedHandler | undefined,
    denied: DeniedRequest,
    hostRequest: HostRequest,
    request: Request,
  ): Response | Promise<Response> {
    return onDenied === undefined ? toResponse(denied.response, request.method) : askHost(onDenied, denied, hostRequest)
  }

  return {
    property: adapter.property,
    guard(guardOptions) {
      const { judge, onDenied } = adapter.guard(guardOptions)
      return (hostRequest, request, client, key) => {
        const settle = (admission: Admission): FetchAdmission | Promise<FetchAdmission> => {
          if (admission.ok) return admitted(admission)
          const response = refuse(onDenied, admission, hostRequest, request)
          return response instanceof Promise ? response.then((late) => ({ response: late })) : { response }
        }
        const admission = judge(hostRequest, guardedRequest(request, client), key)
        return admission instanceof Promise ? admission.then(settle) : settle(admission)
      }
    },
    routes(routesOptions) {
      const { answer, onDenied } = adapter.routes(routesOptions)
      return async (hostRequest, request, client) => {
        assertMount('tokenRoutes.mount', client.mount)
        const routed = routedRequest(request, client)
        const answered = routed && (await answer(hostRequest, routed))
        if (answered === undefined) return undefined
        const { response, denied } = answered
        return denied === undefined
          ? toResponse(response, request.method)
          : refuse(onDenied, denied, hostRequest, request)
      }
    },
  }
}

function admitted({ token, cacheControl }: Admission & { readonly ok: true }): FetchAdmitted {
  return cacheControl === undefined ? { token } : { token, cacheControl }
}

/** A handler that answers nothing lets nobody in: without a `response` a request may go on. */
async function askHost<HostRequest>(
  onDenied: FetchDeniedHandler<HostRequest>,
  denied: DeniedRequest,
  hostRequest: HostRequest,
): Promise<Response> {
  const response: unknown = await onDenied(denied, hostRequest)
  if (typeof response === 'object' && response !== null && 'headers' in response) return response as Response
  throw optionError('onDenied', 'must return a Response')
}
