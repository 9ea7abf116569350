import { optionError, quoted } from '../errors.js'
import { assertKnownOptions } from '../option-checks.js'
import type { HttpRequest } from './message.js'

/** How requests from other sites are recognized. */
export interface CsrfOptions {
  /**
   * Origins of other sites whose pages may change tokens as the signed-in user: `https://admin.example.com`. Default
   * none.
   */
  readonly trustedOrigins?: readonly string[] | undefined
}

/** Whether a request may come from a page of another site, in a browser that adds its user's cookies. */
export type IsCrossSite = (request: Pick<HttpRequest, 'method' | 'headers'>) => boolean

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/**
 * Makes the check. Browsers say in `Sec-Fetch-Site` where a request comes from. Where that header is absent, the host
 * of `Origin` must be the one that the request is sent to. A request with neither comes from no browser. Safe methods
 * change nothing and pass. Throws a `TypeError` (`ERR_OPTION`) for what is no origin. Source: CrossOriginProtection of
 * Go 1.25.
 */
export function crossSiteCheck(options: CsrfOptions = {}): IsCrossSite {
  assertKnownOptions('tokenRoutes.csrf', options, ['trustedOrigins'])
  const { trustedOrigins = [] } = options
  if (!Array.isArray(trustedOrigins)) throw optionError('tokenRoutes.csrf.trustedOrigins', 'must be a list of origins')
  for (const origin of trustedOrigins) {
    if (!isOrigin(origin)) {
      const problem = `must hold origins such as https://admin.example.com, not ${quoted(origin)}`
      throw optionError('tokenRoutes.csrf.trustedOrigins', problem)
    }
  }
  const trusted = new Set<unknown>(trustedOrigins)
  return ({ method, headers }) => {
    if (SAFE_METHODS.includes(method) || trusted.has(headers.origin)) return false
    const site = headers['sec-fetch-site']
    if (site !== undefined) return site !== 'same-origin' && site !== 'none'
    const { origin } = headers
    return origin !== undefined && hostOf(origin) !== (headers.host ?? headers[':authority'])
  }
}

function isOrigin(text: unknown): boolean {
  return typeof text === 'string' && URL.canParse(text) && new URL(text).origin === text
}

/** `null`, which pages without an origin send, has no host. */
function hostOf(origin: string | readonly string[]): string | undefined {
  return typeof origin === 'string' && URL.canParse(origin) ? new URL(origin).host : undefined
}
