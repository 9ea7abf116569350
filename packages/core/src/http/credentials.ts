import type { CredentialSource } from '../options.js'

/** A request whose credential cannot be read; `message` is for its sender. */
export interface CredentialProblem {
  readonly kind: 'none' | 'invalid'
  readonly message: string
}

const NONE = problem('none', 'A token is needed to access this resource.')
const TWO = problem('invalid', 'More than one credential was sent: use either Authorization or X-API-Key.')
const EMPTY_BEARER = problem('invalid', 'The Authorization header holds no token.')
const EMPTY_KEY = problem('invalid', 'The X-API-Key header is empty.')
const REPEATED_AUTHORIZATION = problem('invalid', 'The Authorization header was sent more than once.')
const REPEATED_KEY = problem('invalid', 'The X-API-Key header was sent more than once.')

/** Reads a request's one credential: the presented text, of any form, or a problem. */
export type CredentialReader = (rawHeaders: readonly string[]) => string | CredentialProblem

/**
 * Makes the reader for the given sources. It reads the raw headers, because Node drops a repeated `Authorization` and joins
 * a repeated `X-API-Key`. Other schemes (`Basic`) are not credentials here. Source: RFC 6750 §2.1 and §3.1.
 */
export function credentialReader(sources: readonly CredentialSource[]): CredentialReader {
  const bearer = sources.includes('bearer')
  const apiToken = sources.includes('api-token')
  const apiKey = sources.includes('x-api-key')
  const authorization = bearer || apiToken

  /** The token behind one of our schemes; `undefined` for other schemes. */
  function ofScheme(value: string): string | undefined {
    // As nearly all clients write it.
    if (bearer && value.startsWith('Bearer ')) return withoutBlanks(value.slice(7))
    const blank = value.indexOf(' ')
    const scheme = (blank < 0 ? value : value.slice(0, blank)).toLowerCase()
    if (!((bearer && scheme === 'bearer') || (apiToken && scheme === 'api-token'))) return undefined
    return blank < 0 ? '' : withoutBlanks(value.slice(blank + 1))
  }

  return (rawHeaders) => {
    let schemed: string | undefined
    let key: string | undefined
    let authorizations = 0
    let keys = 0
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]
      // The lengths first: most names need no closer look.
      if (name === undefined || (name.length !== 13 && name.length !== 9)) continue
      if (authorization && isHeader(name, 'Authorization', 'authorization')) {
        if (++authorizations > 1) return REPEATED_AUTHORIZATION
        schemed = ofScheme(rawHeaders[i + 1] ?? '')
      } else if (apiKey && isHeader(name, 'X-API-Key', 'x-api-key')) {
        if (++keys > 1) return REPEATED_KEY
        key = withoutBlanks(rawHeaders[i + 1] ?? '')
      }
    }
    if (schemed !== undefined && key !== undefined) return TWO
    if (schemed === '') return EMPTY_BEARER
    if (key === '') return EMPTY_KEY
    return schemed ?? key ?? NONE
  }
}

function isHeader(name: string, usual: string, lower: string): boolean {
  return name === usual || name === lower || name.toLowerCase() === lower
}

/** Blanks in the sense of HTTP (RFC 9110 §5.6.3) are gone from both ends; `trim` would take much more for a blank. */
function withoutBlanks(value: string): string {
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
