import {
  type Admission,
  type ApiToken,
  createGuard,
  createRouter,
  type DeniedRequest,
  encodeResponse,
  type GuardOptions as GuardBaseOptions,
  type HttpResponse,
  type Latchkey,
  type RoutesOptions as RoutesBaseOptions,
  readJson,
  warnForgeableAddress,
} from '@latchkey/core/adapter'
import type { NextFunction, Request, RequestHandler, Response } from 'express'

declare global {
  namespace Express {
    interface Request {
      /** The token that let this request in, behind `requireToken`. */
      apiToken?: ApiToken
    }
  }
}

/** Answers a refused request in the host's own way. `denied.response` is the answer that would have been given. */
export type DeniedHandler = (
  denied: DeniedRequest,
  request: Request,
  response: Response,
  next: NextFunction,
) => void | Promise<void>

/** What `requireToken` takes. */
export interface GuardOptions<Scope extends string> extends GuardBaseOptions<Scope> {
  /** Default: the answer of RFC 6750, as JSON. */
  readonly onDenied?: DeniedHandler | undefined
}

/** What `tokenRoutes` takes. */
export type RoutesOptions = RoutesBaseOptions<Request>

/** A guard leaves the types of a route's parameters to the route. */
export type Guard = <Parameters>(request: Request<Parameters>, response: Response, next: NextFunction) => void

/** The two things to mount. */
export interface ExpressAuth<Scope extends string> {
  /**
   * A guard: lets a request with a valid token on, with `req.apiToken` set, and answers all others. The admission is
   * remembered for the request, so a second guard costs nothing. Throws a `TypeError` for scopes that are not plain, and
   * for unknown options.
   *
   * @example
   * app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => {
   *   res.json({ owner: req.apiToken?.owner })
   * })
   */
  requireToken(options?: GuardOptions<Scope>): Guard
  /**
   * The management routes. Throws a `TypeError` for unknown options.
   *
   * @example
   * app.use('/api/v2/apiTokens', tokenRoutes({ dialect: 'dynatrace' }))
   */
  tokenRoutes(options?: RoutesOptions): RequestHandler
}

/**
 * Latchkey for Express 4 and 5. The client's address is `req.ip`, so the app's setting `trust proxy` decides what it is.
 * `latchkey`: one instance, or a function that picks one for each request.
 *
 * @example
 * const latchkey = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
 * const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
 * const app = express()
 * app.use('/api/v2/apiTokens', tokenRoutes())
 * app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => res.json([]))
 */
export function latchkeyExpress<Scope extends string>(
  latchkey: Latchkey<Scope> | ((request: Request) => Latchkey<Scope>),
): ExpressAuth<Scope> {
  const instanceFor = typeof latchkey === 'function' ? latchkey : () => latchkey

  function requireToken(options: GuardOptions<Scope> = {}): Guard {
    const guard = createGuard<Scope>(options, ['onDenied'])
    const { onDenied = sendResponse } = options

    function settle(admission: Admission, req: Request, res: Response, next: NextFunction): void {
      if (req.app.get('trust proxy') === true) warnForgeableAddress(admission, "Express's `trust proxy: true`")
      if (admission.ok) {
        req.apiToken = admission.token
        next()
      } else Promise.resolve(onDenied(admission, req, res, next)).catch(next)
    }

    function handle(req: Request, res: Response, next: NextFunction): void {
      // Express computes `req.ip` at each read, so the guard is given the request itself.
      const admission = guard(instanceFor(req), req, req)
      if (admission instanceof Promise) admission.then((late) => settle(late, req, res, next)).catch(next)
      else settle(admission, req, res, next)
    }

    // It looks at none of the route's parameters, whatever their type.
    return handle as Guard
  }

  function tokenRoutes(options: RoutesOptions = {}): RequestHandler {
    const router = createRouter(options)
    return (req, res, next) => {
      const [, path = '', search = ''] = TARGET.exec(req.url) ?? []
      const { method, baseUrl: mount, headers, rawHeaders, ip } = req
      const request = { method, mount, path, search, headers, rawHeaders, ip, body: () => readJson(req, req.body) }
      router(instanceFor(req), request, req)
        .then((response) => (response === undefined ? next() : send(res, response)))
        .catch(next)
    }
  }

  return { requireToken, tokenRoutes }
}

/** Path and query of a request's target, which may begin with an origin (RFC 9112 §3.2) and end with a fragment. */
const TARGET = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/i

const sendResponse: DeniedHandler = ({ response }, _req, res) => send(res, response)

/** Written directly: `res.send` would add an ETag, and `res.json` follow the app's settings. */
function send(res: Response, response: HttpResponse): void {
  const { status, headers, body } = encodeResponse(response)
  res.writeHead(status, { ...headers })
  res.end(body)
}
