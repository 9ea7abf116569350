import {
  type Admission,
  type ApiToken,
  type Caller,
  checkRoutes,
  type DialectName,
  encodeResponse,
  type GuardDenial,
  guardOnce,
  guardScopes,
  type HttpResponse,
  handleRequest,
  type Latchkey,
  readJson,
  restrictsAddress,
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
  denied: { readonly denial: GuardDenial; readonly response: HttpResponse },
  request: Request,
  response: Response,
  next: NextFunction,
) => void | Promise<void>

/** What `requireToken` takes. */
export interface GuardOptions<Scope extends string> {
  /** Plain scopes, all of which the token must cover. Default none: any valid token is let in. */
  readonly scopes?: readonly Scope[]
  /** Default: the answer of RFC 6750, as JSON. */
  readonly onDenied?: DeniedHandler
}

/** What `tokenRoutes` takes. */
export interface RoutesOptions {
  /** Default `dynatrace`. */
  readonly dialect?: DialectName
  /**
   * The host's own sign-in: who calls, or `undefined` to leave it to the request's token. It must authenticate, and
   * protect against cross-site requests if it relies on cookies. Asked again when a body has arrived.
   */
  readonly authorize?: (request: Request) => Caller | undefined | Promise<Caller | undefined>
}

/** A guard leaves the types of a route's parameters to the route. */
export type Guard = <Parameters>(request: Request<Parameters>, response: Response, next: NextFunction) => void

/** The two things to mount. */
export interface ExpressAuth<Scope extends string> {
  /**
   * A guard: lets a request with a good token on, with `req.apiToken` set, and answers all others. Verdicts are
   * remembered per request, so a second guard costs nothing. Throws a `TypeError` for scopes that are not plain,
   * and for options that it does not know.
   */
  requireToken(options?: GuardOptions<Scope>): Guard
  /**
   * The management routes, to be mounted with `app.use(path, tokenRoutes())`. Throws a `TypeError` for options that it
   * does not know.
   */
  tokenRoutes(options?: RoutesOptions): RequestHandler
}

/**
 * Latchkey for Express 4 and 5. The client's address is `req.ip`, so the app's `trust proxy` decides what it is.
 * `latchkey`: one instance, or a function that picks one for each request.
 */
export function latchkeyExpress<Scope extends string>(
  latchkey: Latchkey<Scope> | ((request: Request) => Latchkey<Scope>),
): ExpressAuth<Scope> {
  const instanceFor = typeof latchkey === 'function' ? latchkey : () => latchkey

  function requireToken(options: GuardOptions<Scope> = {}): Guard {
    const scopes = guardScopes(options, ['onDenied'])
    const { onDenied = sendRefusal } = options

    function settle(admission: Admission, req: Request, res: Response, next: NextFunction): void {
      if (restrictsAddress(admission) && req.app.get('trust proxy') === true) {
        warnForgeableAddress("Express's `trust proxy: true`")
      }
      if (!admission.ok) {
        Promise.resolve(onDenied(admission, req, res, next)).catch(next)
        return
      }
      req.apiToken = admission.token
      next()
    }

    function guard(req: Request, res: Response, next: NextFunction): void {
      const admission = guardOnce(instanceFor(req), new LazyRequest(req), { scopes })
      if (admission instanceof Promise) admission.then((late) => settle(late, req, res, next)).catch(next)
      else settle(admission, req, res, next)
    }

    // It looks at none of the route's parameters, whatever their type.
    return guard as Guard
  }

  function tokenRoutes(options: RoutesOptions = {}): RequestHandler {
    checkRoutes(options)
    const { dialect = 'dynatrace', authorize } = options
    return (req, res, next) => {
      const [, path = '', search = ''] = TARGET.exec(req.url) ?? []
      const request = {
        method: req.method,
        mount: req.baseUrl,
        path,
        search,
        headers: req.headers,
        rawHeaders: req.rawHeaders,
        ip: req.ip,
        body: () => readJson(req, req.body),
      }
      handleRequest(instanceFor(req), request, { dialect, authorize: authorize && (() => authorize(req)) })
        .then((answer) => (answer === undefined ? next() : send(res, answer)))
        .catch(next)
    }
  }

  return { requireToken, tokenRoutes }
}

/** Express takes a while to find out the address: most requests are spared it. */
class LazyRequest {
  readonly key: Request
  readonly rawHeaders: readonly string[]

  constructor(req: Request) {
    this.key = req
    this.rawHeaders = req.rawHeaders
  }

  get ip(): string | undefined {
    return this.key.ip
  }
}

/** Path and query of a request's target, which may begin with an origin (RFC 9112 §3.2) and end with a fragment. */
const TARGET = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/i

const sendRefusal: DeniedHandler = ({ response }, _req, res) => send(res, response)

/** Written directly: `res.send` would add an ETag, and `res.json` follow the app's settings. */
function send(res: Response, response: HttpResponse): void {
  const { status, headers, body } = encodeResponse(response)
  res.writeHead(status, { ...headers })
  res.end(body)
}
