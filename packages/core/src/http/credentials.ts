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
const REPEATED_AUTHORIZATION = problem('invalid', 'The Authorization header was sent more than once.')
const REPEATED_API_KEY = problem('invalid', 'The X-API-Key header was sent more than once.')

/** Reads a request's one credential: the presented text, of any form, or a problem. */
export type CredentialReader = (rawHeaders: readonly string[]) => string | CredentialProblem

/**
 * Makes the reader for the given sources. It reads the raw headers, because Node drops a repeated `Authorization` and joins
 * a repeated `X-API-Key`. Other schemes (`Basic`) are not credentials here. Source: RFC 6750 §2.1 and §3.1.
 */
export function credentialReader(sources: readonly CredentialSource[]): CredentialReader {
  const schemes = sources.filter((source) => source !== 'x-api-key')
  const readsApiKey = sources.includes('x-api-key')

  /** What follows one of our schemes; `undefined` for other schemes. */
  function afterScheme(value: string): string | undefined {
    const blank = value.indexOf(' ')
    const scheme = (blank < 0 ? value : value.slice(0, blank)).toLowerCase()
    if (!schemes.some((known) => known === scheme)) return undefined
    return blank < 0 ? '' : trimBlanks(value.slice(blank + 1))
  }

  return (rawHeaders) => {
    let authorization: string | undefined
    let apiKey: string | undefined
    let authorizations = 0
    let apiKeys = 0
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] ?? ''
      const value = rawHeaders[i + 1] ?? ''
      if (schemes.length > 0 && isHeader(name, 'authorization')) {
        if (++authorizations > 1) return REPEATED_AUTHORIZATION
        authorization = afterScheme(value)
      } else if (readsApiKey && isHeader(name, 'x-api-key')) {
        if (++apiKeys > 1) return REPEATED_API_KEY
        apiKey = trimBlanks(value)
      }
    }
    if (authorization !== undefined && apiKey !== undefined) return BOTH
    if (authorization === '') return EMPTY_AUTHORIZATION
    if (apiKey === '') return EMPTY_API_KEY
    return authorization ?? apiKey ?? NO_CREDENTIAL
  }
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
