/** Every `code` of an error or a refusal, with the HTTP status of the answer, a short title and its meaning. */
export const ERROR_TABLE = {
  ERR_OPTION: {
    status: 500,
    title: 'Misused option',
    meaning: 'An option or argument of a call is misused; thrown as a TypeError that names it.',
  },
  ERR_INVALID_INPUT: {
    status: 400,
    title: 'Invalid input',
    meaning: 'Management input breaks rules; every violation is listed.',
  },
  ERR_OWN_TOKEN: {
    status: 400,
    title: "The caller's own token",
    meaning: 'The token that authenticates a call cannot be disabled, nor deleted by its id.',
  },
  ERR_STATE: {
    status: 400,
    title: 'Wrong state',
    meaning: 'The token is not in a state that allows the operation.',
  },
  ERR_CREDENTIALS: {
    status: 400,
    title: 'Not exactly one token',
    meaning: 'The request presents two tokens, a header twice, or an empty token.',
  },
  ERR_NO_TOKEN: { status: 401, title: 'No token', meaning: 'The request presents no token.' },
  ERR_NOT_SIGNED_IN: {
    status: 401,
    title: 'Not signed in',
    meaning: 'Only signed-in people may call here, and nobody is signed in, or the access of the person has ended.',
  },
  ERR_INVALID_TOKEN: {
    status: 401,
    title: 'Token not valid',
    meaning:
      'The token is malformed, unknown, disabled or expired, or its secret is wrong. The answer does not say which; `explain` does.',
  },
  ERR_NOT_ALLOWED: {
    status: 403,
    title: 'Not allowed',
    meaning:
      'The caller may not do this: it lacks a right, the token would grant more than its caller has, its owner has `maxTokensPerOwner` tokens, or the secret is being rotated out. `detail` says which.',
  },
  ERR_SCOPE: {
    status: 403,
    title: 'Scope missing',
    meaning: 'The token lacks a scope that the route needs. The answer names the scopes.',
  },
  ERR_ADDRESS: {
    status: 403,
    title: 'Address not allowed',
    meaning: 'The token may not be used from the address of the request.',
  },
  ERR_RESOURCE: {
    status: 403,
    title: 'Resource not allowed',
    meaning: 'The token may not be used for the resource of the request.',
  },
  ERR_CROSS_SITE: {
    status: 403,
    title: 'Cross-site request',
    meaning: 'A page of another site may not change tokens in the name of a signed-in user.',
  },
  ERR_NOT_FOUND: {
    status: 404,
    title: 'No such token',
    meaning: 'No such token, or not one that the caller may see.',
  },
  ERR_METHOD: { status: 405, title: 'Method not allowed', meaning: 'The path does not answer this method.' },
  ERR_RACE: {
    status: 409,
    title: 'Changed meanwhile',
    meaning: 'Somebody else changed the token first, and this change was not made.',
  },
  ERR_TOO_LARGE: { status: 413, title: 'Body too large', meaning: 'The request body is longer than 64 KiB.' },
  ERR_MEDIA_TYPE: {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'The request body is not plain JSON in UTF-8.',
  },
  ERR_CONFLICT: {
    status: 500,
    title: 'Conflict in the store',
    meaning:
      'A store found that the id is taken, that the record has another version than expected, or that the target of `copyTokens` differs from its source.',
  },
  ERR_UNAVAILABLE: {
    status: 503,
    title: 'Not available now',
    meaning:
      'Latchkey cannot decide at the moment. The answer does not say why; your own code and the events do, by one of the codes below.',
  },
  ERR_STORE: { status: 503, title: 'Store not available', meaning: 'The store cannot be reached, or failed.' },
  ERR_OVERLOADED: {
    status: 503,
    title: 'Overloaded',
    meaning: 'Too many tokens wait for the slow check of their hash, or too many large lists are being sent.',
  },
  ERR_OWNER_SCOPES: {
    status: 503,
    title: 'Owner not known now',
    meaning: "The host's ownerScopes function failed, or took longer than `hostTimeout`.",
  },
  ERR_AUTHORIZE: {
    status: 503,
    title: 'Caller not known now',
    meaning: "The host's authorize function took longer than `hostTimeout`.",
  },
  ERR_AUDIT: {
    status: 503,
    title: 'Audit not available',
    meaning: "The host's onAudit function failed or took longer than `hostTimeout`, so nothing was written.",
  },
  ERR_HASHER: {
    status: 503,
    title: 'Hasher missing',
    meaning: 'No hasher can check the stored hash: a hasher or one of its keys is missing.',
  },
  ERR_CLOSED: { status: 503, title: 'Closed', meaning: 'The instance was closed.' },
} as const

/** The stable `code` of an error. */
export type ErrorCode = keyof typeof ERROR_TABLE

/**
 * Makes `instanceof` know an error of this class by a mark that all copies of this package share, since a process may
 * have several. A class that extends this one is compared as usual.
 */
function brand(errorClass: { readonly prototype: object }, name: string): void {
  const mark = Symbol.for(`@latchkey/core/errors/${name}`)
  Object.defineProperty(errorClass.prototype, mark, { value: true })
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: unknown, error: unknown): boolean {
      if (this !== errorClass) return Function.prototype[Symbol.hasInstance].call(this, error)
      return typeof error === 'object' && error !== null && mark in error
    },
  })
}

/** The base of Latchkey's errors. `code` is stable, `message` is not. Neither ever holds a secret. */
export class LatchkeyError extends Error {
  static {
    brand(LatchkeyError, 'LatchkeyError')
  }

  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }

  /** The HTTP status of the answer to a request that fails with this error. */
  get status(): number {
    return ERROR_TABLE[this.code].status
  }
}

/** A longer text may be a token, which no message may repeat. */
const MAX_SHOWN = 40

/** A name as a message may repeat it. */
export function shown(name: string): string {
  return name.length <= MAX_SHOWN ? name : `(${name.length} characters)`
}

/** A value as a message may repeat it: numbers and short texts as JSON, of anything else the kind. */
export function quoted(value: unknown): string {
  if (typeof value === 'string') {
    return value.length <= MAX_SHOWN ? JSON.stringify(value) : `a text of ${value.length} characters`
  }
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? 'a function' : String(value)
  if (Array.isArray(value)) return 'a list'
  return value instanceof Date ? 'a Date' : 'an object'
}

/** One broken rule of a management input, or one way in which a token would grant more than its caller has. */
export interface Violation {
  /** The member of the input: `scopes[1]`. Empty for the input as a whole. */
  readonly path: string
  /** A sentence for the caller. */
  readonly message: string
  /**
   * With `ERR_NOT_ALLOWED`: what is exceeded, one of scopes, networks, resources, expiry, owner, personal, environment,
   * metadata.
   */
  readonly dimension?: string
}

/** A management call cannot be carried out as asked. Nothing was written, but by a `revokeAll` that ended midway. */
export class RequestError extends LatchkeyError {
  static {
    brand(RequestError, 'RequestError')
  }

  readonly violations: readonly Violation[]

  constructor(code: ErrorCode, message: string, violations: readonly Violation[] = []) {
    super(code, message)
    this.violations = violations
  }
}

/** A store that cannot answer (`ERR_STORE`), or that refused a write for its precondition (`ERR_CONFLICT`). */
export class StoreError extends LatchkeyError {
  static {
    brand(StoreError, 'StoreError')
  }

  constructor(code: 'ERR_STORE' | 'ERR_CONFLICT', message: string, options?: { cause?: unknown }) {
    super(code, message, options)
  }
}

/** No verdict can be given at this moment, for a reason other than the store; try again later. */
export class UnavailableError extends LatchkeyError {
  static {
    brand(UnavailableError, 'UnavailableError')
  }

  constructor(
    code: 'ERR_OVERLOADED' | 'ERR_OWNER_SCOPES' | 'ERR_AUTHORIZE' | 'ERR_AUDIT' | 'ERR_HASHER' | 'ERR_CLOSED',
    message: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, options)
  }
}

/** A misused option: a `TypeError` with the code `ERR_OPTION`. `place` names the option or argument. */
export function optionError(place: string, problem: string): TypeError & { code: ErrorCode } {
  return Object.assign(new TypeError(`${place} ${problem}`), { code: 'ERR_OPTION' as const })
}

export function isConflict(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'ERR_CONFLICT'
}
