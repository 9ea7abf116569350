import type { ApiToken } from '../types.js'
import type { Clock, Moment } from '../verify/clock.js'

/** What a guard judges a request by. */
export interface JudgedRequest {
  readonly ip: string | undefined
  /** The scopes that the guard asks for. */
  readonly scopes: readonly string[]
  /** Whether the guard names the resources that the request is about; `any` if they do not matter. */
  readonly resource: unknown
}

/** One earlier admission of a request. */
export interface RememberedAdmission {
  readonly credential: string
  /** Only where the token is bound to CIDR blocks. */
  readonly ip: string | undefined
  readonly scopes: readonly string[]
  readonly token: ApiToken
  readonly at: Moment
}

/**
 * The tokens that the guards of one instance let in, by request. Refusals are not remembered. `key` is the framework's
 * own request object: nobody else can see or forge what is remembered for it.
 */
export interface AdmissionMemory {
  /** The last admission of this request, if it was let in before. */
  find(key: object): RememberedAdmission | undefined
  /**
   * The token that an earlier guard of this request let in. `undefined` if the request must be judged again, because:
   * - the admission is as old as the limit,
   * - it does not cover the scopes,
   * - this guard names resources, or the token is bound to some and the guard names none,
   * - the credential is another, or
   * - the token has CIDR blocks and the address is another: an Express app within another may trust fewer proxies.
   */
  recall(known: RememberedAdmission, credential: string, request: JudgedRequest): ApiToken | undefined
  remember(key: object, credential: string, request: JudgedRequest, token: ApiToken): void
}

/**
 * `maxAge`: how old an admission may be, in milliseconds. A body may take long to arrive between two guards, and access
 * may be revoked meanwhile.
 */
export function createAdmissionMemory(clock: Clock, maxAge: number): AdmissionMemory {
  const memory = new WeakMap<object, RememberedAdmission>()
  return {
    find: (key) => memory.get(key),
    recall(known, credential, request) {
      if (known.credential !== credential) return undefined
      if (!clock.isRecent(known.at, maxAge)) return undefined
      if (!request.scopes.every((scope) => known.scopes.includes(scope))) return undefined
      const { resource } = request
      if (resource !== 'any' && (resource !== undefined || known.token.resources.length > 0)) return undefined
      if (isBound(known.token) && known.ip !== request.ip) return undefined
      return known.token
    },
    remember(key, credential, request, token) {
      const ip = isBound(token) ? request.ip : undefined
      memory.set(key, { credential, ip, scopes: request.scopes, token, at: clock.moment() })
    },
  }
}

function isBound({ networks }: ApiToken): boolean {
  return networks.length > 0
}
