import type { Latchkey } from '../instance.js'
import { internalsOf } from '../internals.js'
import { type Admission, createGuard, type DeniedRequest, type GuardedRequest } from './guard.js'
import type { HttpRequest, HttpResponse } from './message.js'
import { type AdapterOptions, type GuardOptions, type RoutesOptions, readAdapterOptions } from './options.js'
import { createRouter } from './router.js'
import { throwingErrors } from './thrown.js'

/** What an adapter serves: one instance, or a function that picks one for each request. */
export type InstanceSource<HostRequest, Scope extends string = string> =
  | Latchkey<Scope>
  | ((request: HostRequest) => Latchkey<Scope>)

/** One guard of an adapter. */
export interface AdapterGuard<HostRequest, DeniedHandler> {
  /** See `Guard`. `key`: the framework's own request object. */
  judge(hostRequest: HostRequest, request: GuardedRequest, key: object): Admission | Promise<Admission>
  /** The host's handler of refusals: the guard's, else the adapter's. `undefined`: send the refusal's `response`. */
  readonly onDenied: DeniedHandler | undefined
}

/** The management routes of an adapter, mounted once. */
export interface AdapterRoutes<HostRequest, DeniedHandler> {
  /** See `Router`. */
  answer(hostRequest: HostRequest, request: HttpRequest): Promise<RoutesAnswer | undefined>
  /** The host's handler of refused callers, as for a guard. */
  readonly onDenied: DeniedHandler | undefined
}

/** What the management routes answer. */
export interface RoutesAnswer {
  readonly response: HttpResponse
  /** Present if the caller was refused: then `onDenied` answers, where there is one. */
  readonly denied: DeniedRequest | undefined
}

/** What the adapters of all frameworks do in the same way. */
export interface Adapter<HostRequest, Scope extends string, DeniedHandler> {
  /** The name under which handlers find the token. */
  readonly property: string
  guard(options: GuardOptions<Scope, DeniedHandler, HostRequest>): AdapterGuard<HostRequest, DeniedHandler>
  /** `adapterOptions`: the names of the adapter's own options of routes. */
  routes(
    options: RoutesOptions<HostRequest, DeniedHandler>,
    adapterOptions?: readonly string[],
  ): AdapterRoutes<HostRequest, DeniedHandler>
}

/**
 * Reads what the function of an adapter is given, and makes its guards and routes. `place`: the name of that function,
 * for errors. `known`: the names of its options. Throws a `TypeError` (`ERR_OPTION`) for what is no instance, and for
 * unknown or wrong options of the adapter, of a guard, and of routes.
 *
 * @example
 * const { property, guard, routes } = createAdapter('latchkeyHttp', latchkey, { onDenied })
 * const { judge } = guard({ scopes: ['reports.read'] })
 * const { headers, rawHeaders, socket } = req
 * const admission = await judge(req, { headers, rawHeaders, ip: socket.remoteAddress }, req)
 */
export function createAdapter<HostRequest, Scope extends string, DeniedHandler>(
  place: string,
  latchkey: InstanceSource<HostRequest, Scope>,
  options: AdapterOptions<DeniedHandler> = {},
  known: readonly string[] = ['property', 'onDenied', 'errors'],
): Adapter<HostRequest, Scope, DeniedHandler> {
  const instance = typeof latchkey === 'function' ? undefined : assertInstance(latchkey)
  const instanceFor = typeof latchkey === 'function' ? throwingErrors(latchkey) : () => latchkey
  const settings = readAdapterOptions(place, options, known)
  return {
    property: settings.property,
    guard(guardOptions) {
      const guard = createGuard<Scope, HostRequest>(guardOptions, [], instance, settings.errors)
      return {
        judge: (hostRequest, request, key) => guard(instanceFor(hostRequest), request, key, hostRequest),
        onDenied: throwingErrors(guardOptions.onDenied ?? settings.onDenied),
      }
    },
    routes(routesOptions, adapterOptions = []) {
      const router = createRouter(routesOptions, adapterOptions)
      return {
        async answer(hostRequest, request) {
          const routed = await router(instanceFor(hostRequest), request, hostRequest)
          if (routed === undefined) return undefined
          const { denial, ...response } = routed
          return { response, denied: denial && { denial, response } }
        },
        onDenied: throwingErrors(routesOptions.onDenied ?? settings.onDenied),
      }
    },
  }
}

function assertInstance<Scope extends string>(latchkey: Latchkey<Scope>): Latchkey<Scope> {
  internalsOf(latchkey)
  return latchkey
}
