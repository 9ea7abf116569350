import { IncomingMessage } from 'node:http'
import {
  type Admission,
  createAdapter,
  type DeniedRequest,
  encodeResponse,
  type HttpRequest,
  type HttpResponse,
  type InstanceSource,
  isAnswered,
  maxHeadersCountOf,
  mountOf,
  optionError,
  readJson,
  routedRequest,
  splitTarget,
  streamBody,
  type TrustFunction,
  trustsAnybody,
} from '@latchkey/core/adapter'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import type { AdapterOptions, DeniedHandler, ExpressAuth, GuardOptions, RoutesOptions } from './types.js'

/**
 * Latchkey for Express 4 and 5. The client's address is `req.ip`, so the app's setting `trust proxy` decides what it
 * is. `latchkey`: one instance, or a function that picks one for each request. Throws a `TypeError` for unknown
 * options.
 *
 * @example
 * const latchkey = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
 * const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
 * const app = express()
 * app.use('/tokens', tokenRoutes({ dialect: 'latchkey' }))
 * app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => res.json([]))
 */
export function latchkeyExpress<Scope extends string, Property extends string = 'apiToken'>(
  latchkey: InstanceSource<Request, Scope>,
  options: AdapterOptions<Property> = {},
): ExpressAuth<Scope, Property> {
  const adapter = createAdapter<Request, Scope, DeniedHandler>('latchkeyExpress', latchkey, options)
  const { property } = adapter
  if (OF_REQUESTS.has(property) || property in IncomingMessage.prototype) {
    throw optionError('latchkeyExpress.property', `must not be ${property}, which every request of Express has already`)
  }

  function requireToken(guardOptions: GuardOptions<Scope> = {}) {
    const { judge, onDenied } = adapter.guard(guardOptions)

    function settle(admission: Admission, req: Request, res: Response, next: NextFunction): void {
      if (isAnswered(res)) return
      if (!admission.ok) {
        refuse(onDenied, admission, req, res, next)
        return
      }
      Object.assign(req, { [property]: admission.token })
      const { cacheControl } = admission
      if (cacheControl !== undefined && !res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', cacheControl)
      next()
    }

    return (req: Request, res: Response, next: NextFunction): void => {
      const admission = judge(req, new ClientRequest(req), req)
      if (admission instanceof Promise) {
        admission.then((late) => settle(late, req, res, next)).catch(unlessAnswered(res, next))
      } else settle(admission, req, res, next)
    }
  }

  function tokenRoutes(routesOptions: RoutesOptions = {}): RequestHandler {
    const { answer, onDenied } = adapter.routes(routesOptions)
    const handle: RequestHandler = (req, res, next) => {
      if (isRouteHandler(req, handle)) return next(optionError('tokenRoutes', MOUNTED_AS_ROUTE))
      answer(req, httpRequest(req, res))
        .then((answered) => {
          if (isAnswered(res)) return answered?.response.release?.()
          if (answered === undefined) next()
          else if (answered.denied !== undefined) refuse(onDenied, answered.denied, req, res, next)
          else send(res, answered.response)
        })
        .catch(unlessAnswered(res, next))
    }
    return handle
  }

  // A guard reads none of the route's parameters, whatever their type; its type says what it adds.
  return { requireToken: requireToken as ExpressAuth<Scope, Property>['requireToken'], tokenRoutes }
}

/** What Express adds to a request, and what Node sets on each. */
const OF_REQUESTS: ReadonlySet<string> = new Set([
  ...['app', 'baseUrl', 'body', 'fresh', 'host', 'hostname', 'ip', 'ips', 'next', 'originalUrl', 'params', 'path'],
  ...['protocol', 'query', 'res', 'route', 'secure', 'stale', 'subdomains', 'xhr', 'accepts', 'get', 'header', 'is'],
  ...['param', 'range', 'method', 'url', 'socket', 'httpVersion', 'statusCode', 'complete', 'aborted'],
])

function httpRequest(req: Request, res: Response): HttpRequest {
  const [path, search] = splitTarget(req.url)
  const mount = mountOf(req.originalUrl, path, req.baseUrl)
  const target = { method: req.method, mount, path, search, body: () => readJson(req, req.body) }
  return routedRequest(new ClientRequest(req), res, target)
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

  get maxHeadersCount() {
    return maxHeadersCountOf(this.req)
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

function refuse(
  onDenied: DeniedHandler | undefined,
  denied: DeniedRequest,
  ...[req, res, next]: Parameters<RequestHandler>
): void {
  if (onDenied === undefined) {
    send(res, denied.response)
    return
  }
  // What it throws becomes a rejection too: it may have answered before.
  const run = async () => onDenied(denied, req, res, next)
  run().catch(unlessAnswered(res, next))
}

/** Written directly: `res.send` would add an ETag, and `res.json` follow the app's settings. */
function send(res: Response, response: HttpResponse): void {
  const { status, headers, body } = encodeResponse(response, true)
  res.writeHead(status, { ...headers })
  if (typeof body === 'string') res.end(body)
  else streamBody(body, res, response).pipe(res)
}
