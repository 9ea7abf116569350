import { maxHeadersCountOf, type RequestHeaders } from '../credentials.js'
import type { GuardedRequest } from '../guard.js'
import type { HttpRequest } from '../message.js'
import { mountOf } from '../mount.js'
import { readRequestBody } from './body.js'
import { apiKeyOf, authorizationOf } from './credential-headers.js'

/** What is read of Node's own request. `IncomingMessage` has it, and that of HTTP/2. */
export interface IncomingRequest {
  readonly rawHeaders?: readonly string[] | undefined
  readonly url?: string | undefined
  /** What Express, in front of such a host, keeps of the path that it has cut. */
  readonly originalUrl?: string | undefined
  readonly socket?: object | undefined
}

/** What a `Request` does not tell of its client. */
export interface FetchClient {
  /**
   * The client's address, as the runtime or your proxy gives it. Never the whole of `X-Forwarded-For`, which clients
   * write. `undefined`: nobody knows it, and tokens that are bound to CIDR blocks are refused.
   */
  readonly ip: string | undefined
  /**
   * Node's own request, where there is one: `env.incoming` of `@hono/node-server`. It shows repeated headers, which a
   * `Request` joins, and the path that the client sent. Without it a credential with a comma counts as repeated.
   */
  readonly incoming?: IncomingRequest | undefined
}

/** What a `Request` does not tell of the management routes that it is for. */
export interface FetchMount extends FetchClient {
  /** The path of the routes in `request.url`, without a slash at its end: `/tokens`. */
  readonly mount: string
  /** What the host has made of the body, where it has read it: a value, or its text or bytes. */
  readonly body?: unknown
}

/** A request as guards see it. An object with a getter of its own would take tens of microseconds to make. */
class FetchGuardedRequest implements GuardedRequest {
  readonly headers: GuardedRequest['headers']
  readonly rawHeaders: GuardedRequest['rawHeaders']
  readonly maxHeadersCount: number | undefined
  private readonly client: FetchClient

  constructor(request: Request, client: FetchClient) {
    const { headers, rawHeaders, maxHeadersCount } = credentialsOf(request, client)
    this.headers = headers
    this.rawHeaders = rawHeaders
    this.maxHeadersCount = maxHeadersCount
    this.client = client
  }

  get ip() {
    return this.client.ip
  }
}

/** A request as guards see it. `client.ip` may be a getter: it is read only where it is needed. */
export function guardedRequest(request: Request, client: FetchClient): GuardedRequest {
  return new FetchGuardedRequest(request, client)
}

/** A request as the management routes see it; `undefined` for one that is not below their mount. */
export function routedRequest(request: Request, client: FetchMount): HttpRequest | undefined {
  const { method, signal } = request
  const { mount, ip, incoming, body } = client
  const { pathname, search, host } = new URL(request.url)
  if (pathname !== mount && !pathname.startsWith(`${mount}/`)) return undefined
  const path = pathname.slice(mount.length)
  const { headers, ...raw } = credentialsOf(request, client)
  return {
    method,
    mount: mountOf(incoming?.originalUrl ?? incoming?.url ?? pathname, path, mount),
    path,
    search,
    headers: { host, ...Object.fromEntries(request.headers), ...headers },
    ...raw,
    ip,
    signal,
    body: () => readRequestBody(request, body),
  }
}

function credentialsOf({ headers }: Request, { incoming }: FetchClient): RequestHeaders {
  const rawHeaders = incoming?.rawHeaders
  return {
    headers: { authorization: authorizationOf(headers, rawHeaders), 'x-api-key': apiKeyOf(headers, rawHeaders) },
    rawHeaders,
    maxHeadersCount: incoming && maxHeadersCountOf(incoming),
  }
}
