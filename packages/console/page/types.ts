/** What the routes answer, in the words of the Latchkey dialect. Times are ISO 8601. */
export interface Token {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly personal: boolean
  readonly enabled: boolean
  readonly scopes: readonly string[]
  readonly networks: readonly string[]
  readonly resources: readonly string[]
  /** Of a token that was imported from another system, until its first rotation: which. */
  readonly format?: string
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly createdAt: string
  readonly createdBy?: Actor
  readonly expiresAt?: string
  readonly modifiedAt?: string
  readonly modifiedBy?: Actor
  readonly rotatedAt?: string
  readonly lastUsedAt?: string
  readonly lastUsedIp?: string
  readonly previousSecret?: PreviousSecret
}

export interface Actor {
  readonly kind: 'token' | 'user' | 'host'
  readonly id?: string
  readonly owner?: string
}

export interface PreviousSecret {
  readonly expiresAt: string
  readonly lastUsedAt?: string
  readonly lastUsedIp?: string
}

/** `token`: its whole text, which is nowhere else. */
export type IssuedToken = Token & { readonly token: string }

export interface TokenList {
  readonly tokens: readonly Token[]
  readonly next?: string
  readonly total: number
}

export interface GrantableScope {
  readonly scope: string
  readonly description: string
}

export interface Capabilities {
  readonly owner: string
  readonly personal: boolean
  readonly may: { readonly read: boolean; readonly write: boolean; readonly admin: boolean }
  readonly usesResources: boolean
  readonly scopes: readonly GrantableScope[]
  readonly networks: readonly string[]
  readonly resources: readonly string[]
  readonly expiresAt?: string
  /** Milliseconds. */
  readonly maxLifetime?: number
  readonly maxOverlap: number
}

export interface Check {
  readonly check: string
  readonly passed: boolean
  /** A sentence about it. */
  readonly detail: string
}

export interface Explanation {
  readonly allowed: boolean
  readonly checks: readonly Check[]
}

export interface Violation {
  readonly path: string
  readonly message: string
}
