import type { Dialect } from './dialects/dialect.js'
import type { HttpRequest, HttpResponse } from './message.js'
import { errorResponse } from './refusal.js'

/** A request for a file of a tokens page. */
export interface ConsoleRequest {
  /** What stands behind `<mount>/console/`, percent-encoded as it came. Empty: the page itself. */
  readonly path: string
  readonly headers: HttpRequest['headers']
  /**
   * Whether its visitor may be signed in already: the routes have an `authorize`, or the request has a credential,
   * which something in front of them added.
   */
  readonly maySignIn: boolean
  /** Whether a token opens nothing at these routes. */
  readonly sessionOnly: boolean
}

/**
 * A tokens page, such as `tokenConsole()` of `@latchkey/console`: answers with one of its files, or with `undefined`
 * where it has none of that name. Its files are for everybody; what they show comes from the routes, which judge the
 * caller.
 */
export type TokenConsole = (request: ConsoleRequest) => HttpResponse | undefined

/** Where the page is, below the mount. */
const CONSOLE = '/console'

/** How these routes let people in. */
interface SignIn {
  readonly hasSignIn: boolean
  readonly sessionOnly: boolean
}

/** The answer of a page to a request below `/console`; `undefined` for other paths, and for `OPTIONS`. */
export function answerConsole(
  page: TokenConsole,
  { method, path, search, headers }: HttpRequest,
  { errors }: Pick<Dialect, 'errors'>,
  { hasSignIn, sessionOnly }: SignIn,
): HttpResponse | undefined {
  if (method === 'OPTIONS' || (path !== CONSOLE && !path.startsWith(`${CONSOLE}/`))) return undefined
  if (method !== 'GET' && method !== 'HEAD') {
    const message = 'This path does not answer this method.'
    return errorResponse(errors, { status: 405, code: 'ERR_METHOD', headers: { Allow: 'GET, HEAD' }, message })
  }
  // Relative, so that it is right behind any proxy.
  if (path === CONSOLE) return { status: 302, headers: { Location: `console/${search}` } }
  const maySignIn = hasSignIn || headers.authorization !== undefined || headers['x-api-key'] !== undefined
  const file = path.slice(CONSOLE.length + 1)
  const found = page({ path: file, headers, maySignIn, sessionOnly })
  return found ?? errorResponse(errors, { status: 404, code: 'ERR_NOT_FOUND', message: 'There is no such file.' })
}
