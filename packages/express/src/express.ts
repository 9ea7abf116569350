import {
  type Admission,
  type ApiToken,
  clientSignal,
  createGuard,
  createRouter,
  type DeniedRequest,
  encodeResponse,
  type GuardOptions as GuardBaseOptions,
  type HttpRequest,
  type HttpResponse,
  type InstanceSource,
  instancesOf,
  isAnswered,
  mountOf,
  optionError,
  type RoutesOptions as RoutesBaseOptions,
  readJson,
  splitTarget,
  streamBody,
  type TrustFunction,
  trustsAnybody,
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
   * remembered for the request, so a second guard costs nothing. A request that the host has answered meanwhile is left
   * alone. Throws a `TypeError` for unknown options, and for scopes that are not plain or not declared.
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
export function latchkeyExpress<Scope extends string>(latchkey: InstanceSource<Request, Scope>): ExpressAuth<Scope> {
  const { instance, instanceFor } = instancesOf(latchkey)

  function requireToken(options: GuardOptions<Scope> = {}): Guard {
    const guard = createGuard<Scope>(options, ['onDenied'], instance)
    const { onDenied = sendResponse } = options

    function settle(admission: Admission, req: Request, res: Response, next: NextFunction): void {
      if (isAnswered(res)) return
      if (admission.ok) {
        req.apiToken = admission.token
        const { cacheControl } = admission
        if (cacheControl !== undefined && !res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', cacheControl)
        next()
      } else Promise.resolve(onDenied(admission, req, res, next)).catch(unlessAnswered(res, next))
    }

    function handle(req: Request, res: Response, next: NextFunction): void {
      const admission = guard(instanceFor(req), new ClientRequest(req), req)
      if (admission instanceof Promise) {
        admission.then((late) => settle(late, req, res, next)).catch(unlessAnswered(res, next))
      } else settle(admission, req, res, next)
    }

    // It looks at none of the route's parameters, whatever their type.
    return handle as Guard
  }

  function tokenRoutes(options: RoutesOptions = {}): RequestHandler {
    const router = createRouter(options)
    const handle: RequestHandler = (req, res, next) => {
      if (isRouteHandler(req, handle)) return next(optionError('tokenRoutes', MOUNTED_AS_ROUTE))
      const [path, search] = splitTarget(req.url)
      const client = new ClientRequest(req)
      const { headers, rawHeaders, ip } = client
      const request: HttpRequest = {
        ...{ method: req.method, mount: mountOf(req.originalUrl, path, req.baseUrl), path, search },
        ...{ headers, rawHeaders, ip, body: () => readJson(req, req.body) },
        forgeableBy: () => client.forgeableBy(),
        signal: clientSignal(res),
      }
      router(instanceFor(req), request, req)
        .then((response) => {
          if (isAnswered(res)) return response?.release?.()
          if (response === undefined) next()
          else send(res, response)
        })
        .catch(unlessAnswered(res, next))
    }
    return handle
  }

  return { requireToken, tokenRoutes }
}

const MOUNTED_AS_ROUTE =
  'must be mounted with app.use(path, tokenRoutes()), not as the handler of a route such as app.all'

/** Whether a handler stands in a route, which leaves the whole path to it. */
function isRouteHandler(req: Request, handler: RequestHandler): boolean {
  const route = req.route as { stack?: readonly { handle: unknown }[] } | undefined
  return route?.stack?.some(({ handle }) => handle === handler) === true
}

/** What is read of a request. Express computes `req.ip` at each read, so only where the address is needed. */
class ClientRequest {
  private readonly req: Request

  constructor(req: Request) {
    this.req = req
  }

  get headers() {
    return this.req.headers
  }

  get rawHeaders() {
    return this.req.rawHeaders
  }

  /** A host that is not Express, such as connect, knows no proxies and has no `req.ip`. */
  get ip() {
    return 'app' in this.req ? this.req.ip : (this.req as Request).socket?.remoteAddress
  }

  forgeableBy(): string | undefined {
    const app = this.req.app as Request['app'] | undefined
    const trust = app?.get('trust proxy fn') as TrustFunction | undefined
    if (trust === undefined || !trustsAnybody(trust)) return undefined
    return app?.get('trust proxy') === true ? "Express's `trust proxy: true`" : "Express's `trust proxy` as it is set"
  }
}

/** An error handler cannot answer either, once the host has answered. */
function unlessAnswered(res: Response, next: NextFunction): (error: unknown) => void {
  return (error) => {
    if (!isAnswered(res)) next(error)
  }
}

const sendResponse: DeniedHandler = ({ response }, _req, res) => send(res, response)

/** Written directly: `res.send` would add an ETag, and `res.json` follow the app's settings. */
function send(res: Response, response: HttpResponse): void {
  const { status, headers, body } = encodeResponse(response, true)
  res.writeHead(status, { ...headers })
  if (typeof body === 'string') res.end(body)
  else streamBody(body, res, response).pipe(res)
}
