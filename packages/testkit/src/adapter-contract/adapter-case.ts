import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import type { ApiToken, Latchkey } from '@latchkey/core'
import type { AdapterOptions, DeniedRequest, GuardOptions, RoutesOptions } from '@latchkey/core/adapter'

/** The half of an adapter that a case is about. */
export type AdapterGroup = 'guard' | 'routes'

/** One promise that every adapter keeps. */
export interface AdapterCase {
  readonly group: AdapterGroup
  /** Says what must hold. */
  readonly name: string
  /** Resolves if the promise holds, else rejects (with an `AssertionError` where a value is wrong). */
  run(mount: MountHost): Promise<void>
}

/**
 * Builds a host application of the adapter's framework to a plan, and hands out its listener for a `node:http` server.
 * The contract starts that server, on a free port of 127.0.0.1, and closes it.
 */
export type MountHost = (plan: HostPlan) => Mounted | Promise<Mounted>

/** The listener, and what the framework does in its own way. */
export type Mounted = RequestListener | { readonly listener: RequestListener; readonly facts: FrameworkFacts }

/** What a framework does before any code of the host or the adapter runs. */
export interface FrameworkFacts {
  /** It decodes every path, and answers one that cannot be decoded by itself, with 400. Default `false`. */
  readonly refusesUndecodablePaths?: boolean
  /** Only the methods that it knows reach a route: any other is the host's 404, never our 405. Default `false`. */
  readonly routesKnownMethodsOnly?: boolean
  /**
   * It joins repeated headers with commas, and the application cannot tell them from one header with commas. Default
   * `false`.
   */
  readonly joinsHeaders?: boolean
  /** It resolves `.` and `..` in every path, also encoded, as the URL standard says. Default `false`. */
  readonly resolvesDots?: boolean
}

/** What the contract reads of a framework's own request object. Express's `Request` and Koa's `Context` have it. */
export interface HostRequest {
  readonly headers: IncomingHttpHeaders
}

/**
 * Renders refusals: as the `onDenied` of the adapter, a guard or the management routes, the host answers 418 with what
 * this returns as JSON. It may throw, and reject.
 */
export type RenderDenied = (denied: DeniedRequest) => object | Promise<object>

/** Routes of the host, for every method, behind as many guards. */
export interface GuardedRoute {
  readonly path: string
  readonly guards: readonly PlannedGuard[]
  /** What the handler sets as the answer's `Cache-Control`. Absent: it sets none. */
  readonly cacheControl?: string
  /** What a middleware in front of the guards leaves where handlers find the token. */
  readonly planted?: object
}

/** What the host gives a guard of the adapter. */
export type PlannedGuard = GuardOptions<string, RenderDenied, HostRequest>

/** The host application that a case needs. */
export interface HostPlan {
  /** For the adapter, as it is. */
  readonly latchkey: Latchkey | ((request: HostRequest) => Latchkey)
  /** What the adapter's function is given as its options. */
  readonly adapter: AdapterOptions<RenderDenied>
  /**
   * `true`: the peer at 127.0.0.1 is a proxy, whose `X-Forwarded-For` is believed. `false`: no forwarding header is.
   * Also without an address at all (a socket in the file system) requests must be served.
   */
  readonly trustProxy: boolean
  /** `true`: the framework's usual parser of JSON bodies runs before everything else. */
  readonly parsesJson: boolean
  /** Behind their guards, routes answer 200 with `handle` of the request's token (`undefined` without one) as JSON. */
  readonly guarded: readonly GuardedRoute[]
  handle(token: ApiToken | undefined): object
  /** The management routes: where, and what the adapter's `tokenRoutes` is given. */
  readonly management: { readonly path: string } & RoutesOptions<HostRequest, RenderDenied>
  /** Whatever nobody answers becomes a 404 with the text `host`. */
  readonly notFound: 'host'
  /** Told by the framework's error handling, which then answers 500. */
  failed(error: unknown): void
}
