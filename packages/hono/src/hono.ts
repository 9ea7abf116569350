import {
  createFetchAdapter,
  type FetchClient,
  type IncomingRequest,
  type InstanceSource,
  optionError,
} from '@latchkey/core/fetch'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { AdapterOptions, GuardOptions, HonoAuth, RoutesOptions } from './types.js'

/**
 * Latchkey for Hono 4. The client's address is what the option `ip` returns. `latchkey`: one instance, or a function that
 * picks one for each request. Throws a `TypeError` for unknown options, and without `ip`.
 *
 * @example
 * const latchkey = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
 * const { requireToken, tokenRoutes } = latchkeyHono(latchkey, { ip: (c) => getConnInfo(c).remote.address })
 * const app = new Hono()
 * app.route('/tokens', tokenRoutes({ dialect: 'latchkey' }))
 * app.get('/reports', requireToken({ scopes: ['reports.read'] }), (c) => c.json([]))
 */
export function latchkeyHono<Scope extends string, Property extends string = 'apiToken'>(
  latchkey: InstanceSource<Context, Scope>,
  options: AdapterOptions<Property>,
): HonoAuth<Scope, Property> {
  const known = ['ip', 'property', 'onDenied', 'errors']
  const adapter = createFetchAdapter<Context, Scope>('latchkeyHono', latchkey, options, known)
  const { property } = adapter
  // Without options, it is missing too.
  const { ip } = options ?? {}
  if (typeof ip !== 'function') {
    throw optionError('latchkeyHono.ip', 'must be a function such as (c) => getConnInfo(c).remote.address')
  }

  function requireToken(guardOptions: GuardOptions<Scope> = {}): MiddlewareHandler {
    const judge = adapter.guard(guardOptions)
    return async (c, next) => {
      const judged = judge(c, c.req.raw, new HonoClient(c, ip), c)
      const admission = judged instanceof Promise ? await judged : judged
      if (c.finalized) return undefined
      if (admission.response !== undefined) return admission.response
      c.set(property, admission.token)
      await next()
      if (admission.cacheControl !== undefined) setCacheControl(c, admission.cacheControl)
      return undefined
    }
  }

  function tokenRoutes(routesOptions: RoutesOptions = {}): Hono {
    const answer = adapter.routes(routesOptions)
    const app = new Hono()
    // Errors go on to the host's own handler, also if the host has loaded Hono's other build.
    app.onError((error) => {
      throw error
    })
    return app.all('/*', async (c, next) => {
      const mount = mountOf(c)
      // What a middleware has read, Hono keeps, unless it was read past Hono.
      const body = c.req.raw.bodyUsed ? await c.req.text().catch(() => undefined) : undefined
      const response = await answer(c, c.req.raw, { ip: ip(c), incoming: incomingOf(c), mount, body })
      if (!c.finalized) return response ?? next()
      await response?.body?.cancel()
      return undefined
    })
  }

  // The type of a guard tells what it adds to the variables.
  return { requireToken: requireToken as HonoAuth<Scope, Property>['requireToken'], tokenRoutes }
}

/** Asks the host for the address only where it is needed. */
class HonoClient implements FetchClient {
  private readonly c: Context
  private readonly address: AdapterOptions['ip']

  constructor(c: Context, address: AdapterOptions['ip']) {
    this.c = c
    this.address = address
  }

  get ip() {
    return this.address(this.c)
  }

  get incoming() {
    return incomingOf(this.c)
  }
}

/** Node's own request, which `@hono/node-server` leaves in the environment. */
function incomingOf({ env }: Context): IncomingRequest | undefined {
  const { server, incoming } = (env ?? {}) as NodeBindings
  return server?.incoming ?? incoming
}

interface NodeBindings {
  readonly server?: NodeBindings
  readonly incoming?: IncomingRequest
}

/** Set behind the handler: before it, only the answers that the context makes would take it over. */
function setCacheControl(c: Context, value: string): void {
  // The answer to a WebSocket's handshake cannot be made anew.
  if (c.res.status !== 101 && !c.res.headers.has('Cache-Control')) c.header('Cache-Control', value)
}

/**
 * Where the routes are in the request's URL, percent-encoded as it came. Hono knows its path decoded, so the segments below
 * the mount are counted there, from the end.
 */
function mountOf({ req: { routePath, path, url } }: Context): string {
  const [, base] = MOUNTED.exec(routePath) ?? []
  if (base === undefined) {
    throw optionError('tokenRoutes', `must be mounted as app.route('/tokens', tokenRoutes()), not at ${routePath}`)
  }
  const { pathname } = new URL(url)
  // With `strict: false` Hono's path has no slash at its end.
  const segments = (path.endsWith('/') ? pathname : pathname.replace(/\/$/, '')).split('/')
  return segments.slice(0, segments.length - (slashes(path) - slashes(base))).join('/')
}

function slashes(path: string): number {
  return path.split('/').length - 1
}

/** Segments, of which each stands for one of the request's path, and then all below them. */
const MOUNTED = /^((?:\/[^/*?{}]+)*)\/\*$/
