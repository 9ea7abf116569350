import type { CredentialSource } from '../options.js'

/** Why a request has no readable credential. `message` is for its sender. */
export interface CredentialProblem {
  readonly kind: 'none' | 'invalid'
  readonly message: string
}

const NO_CREDENTIAL = problem('none', 'A token is needed to access this resource.')
const BOTH = problem('invalid', 'More than one credential was sent: use either Authorization or X-API-Key.')
const EMPTY_AUTHORIZATION = problem('invalid', 'The Authorization header holds no token.')
const EMPTY_API_KEY = problem('invalid', 'The X-API-Key header is empty.')
const TOO_MANY_HEADERS = problem('invalid', 'The request has so many headers that a repeated credential may be hidden.')
const REPEATED_AUTHORIZATION = problem('invalid', 'The Authorization header was sent more than once.')
const REPEATED_API_KEY = problem('invalid', 'The X-API-Key header was sent more than once.')

/** The headers of a request. */
export interface RequestHeaders {
  /** As the application sees them, which may have changed them. Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Names and values alternately, as they came. Absent where the request did not come from Node's parser. */
  readonly rawHeaders?: readonly string[] | undefined
  /** The server's option of that name: how many headers are listed. Absent: Node's default. See `maxHeadersCountOf`. */
  readonly maxHeadersCount?: number | undefined
}

/** Reads a request's one credential: the presented text, of any form, or a problem. */
export type CredentialReader = (request: RequestHeaders) => string | CredentialProblem

/** Node lists this many names and values by default, and drops the headers behind them. */
const MAX_LISTED = 2_000

/** How many names and values Node lists, at most. For Node, a `maxHeadersCount` of 0 is no limit. */
function maxListed(maxHeadersCount: number = 0): number {
  return maxHeadersCount > 0 ? Math.min(2 * maxHeadersCount, MAX_LISTED) : MAX_LISTED
}

/** The `maxHeadersCount` of the server that a request came to, if it has one. */
export function maxHeadersCountOf({ socket }: { readonly socket?: object | undefined }): number | undefined {
  const { server } = (socket ?? {}) as { readonly server?: { readonly maxHeadersCount?: number | null } | null }
  return server?.maxHeadersCount ?? undefined
}

/**
 * Makes the reader for the given sources. The credential is the one that the application sees. The raw headers only
 * show repeats: Node drops a repeated `Authorization` and joins a repeated `X-API-Key`. Other schemes (`Basic`) are not
 * credentials here. Source: RFC 6750 §2.1 and §3.1.
 */
export function credentialReader(sources: readonly CredentialSource[]): CredentialReader {
  const schemes = sources.filter((source) => source !== 'x-api-key')
  const readsAuthorization = schemes.length > 0
  const readsApiKey = sources.includes('x-api-key')

  /** What follows one of our schemes; `undefined` for other schemes. */
  function afterScheme(value: string): string | undefined {
    const blank = value.indexOf(' ')
    const scheme = (blank < 0 ? value : value.slice(0, blank)).toLowerCase()
    if (!schemes.some((known) => known === scheme)) return undefined
    return blank < 0 ? '' : trimBlanks(value.slice(blank + 1))
  }

  return ({ headers = {}, rawHeaders, maxHeadersCount }) => {
    const sentAuthorization = readsAuthorization ? headers.authorization : undefined
    const sentApiKey = readsApiKey ? headers['x-api-key'] : undefined
    if (rawHeaders !== undefined && rawHeaders.length >= maxListed(maxHeadersCount)) return TOO_MANY_HEADERS
    if (isRepeated('authorization', sentAuthorization, rawHeaders)) return REPEATED_AUTHORIZATION
    if (isRepeated('x-api-key', sentApiKey, rawHeaders)) return REPEATED_API_KEY
    const authorization = typeof sentAuthorization === 'string' ? afterScheme(sentAuthorization) : undefined
    const apiKey = typeof sentApiKey === 'string' ? trimBlanks(sentApiKey) : undefined
    if (authorization !== undefined && apiKey !== undefined) return BOTH
    if (authorization === '') return EMPTY_AUTHORIZATION
    if (apiKey === '') return EMPTY_API_KEY
    return authorization ?? apiKey ?? NO_CREDENTIAL
  }
}

/** Whether a header that the application sees came more than once. */
function isRepeated(
  name: string,
  seen: string | readonly string[] | undefined,
  rawHeaders: readonly string[] = [],
): boolean {
  if (seen === undefined) return false
  if (typeof seen !== 'string') return true
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (isHeader(rawHeaders[i] ?? '', name) && ++count > 1) return true
  return false
}

/** The length is compared first, since few names have it. */
function isHeader(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && name.toLowerCase() === lowerCase
}

/** Removes the blanks of HTTP (RFC 9110 §5.6.3) from both ends. `trim` would remove much more. */
function trimBlanks(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return start === 0 && end === value.length ? value : value.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

function problem(kind: CredentialProblem['kind'], message: string): CredentialProblem {
  return Object.freeze({ kind, message })
}
