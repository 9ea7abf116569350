/**
 * A token as the stores keep it. It carries hashes and tags, so it never leaves core and the stores.
 * All times are milliseconds since the epoch; an absent time means "never".
 */
export interface TokenRecord {
  /** `prefix.PUBLIC24`. Stable through rotation; may be shown and logged. */
  id: string
  name: string
  owner: string
  /** A personal access token: its power is cut down to what its owner may do at the time of use. */
  personal: boolean
  enabled: boolean
  /** Literal scopes as granted, wildcards included. */
  scopes: string[]
  /** CIDR blocks as given; empty means every address. */
  networks: string[]
  metadata?: Record<string, unknown>
  /** 1 after insert, one more after each update. A touch leaves it alone. */
  version: number
  createdAt: number
  expiresAt?: number
  /** When name, scopes, networks or metadata last changed. */
  modifiedAt?: number
  rotatedAt?: number
  lastUsedAt?: number
  lastUsedIp?: string
  /** `[0]` is the current secret; `[1]`, if there, the previous one during an overlap. */
  secrets: StoredSecret[]
  /** Tags of up to 8 dead secrets, newest first; only there to notice their reuse. */
  retired: string[]
}

/** What a record knows of one secret. */
export interface StoredSecret {
  /** Distinguishes the secrets of one token for good: a generation is never used twice. */
  gen: number
  /** PHC string of the secret. */
  hash: string
  /** First 8 hex digits of the SHA-256 of the whole token; refuses wrong secrets without a slow hash. */
  tag: string
  /** The secret is dead from this moment on. Absent: no limit of its own. */
  until?: number
  lastUsedAt?: number
  lastUsedIp?: string
}

/** One successful use of one secret, as handed to `EnvironmentStore.touch`. */
export interface TokenUse {
  id: string
  gen: number
  at: number
  ip?: string
}

/** A token's metadata as hosts and callers see it: no secret, hash or tag. Times are epoch milliseconds. */
export interface ApiToken {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly personal: boolean
  readonly enabled: boolean
  readonly scopes: readonly string[]
  readonly networks: readonly string[]
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly expiresAt?: number
  readonly modifiedAt?: number
  readonly rotatedAt?: number
  readonly lastUsedAt?: number
  readonly lastUsedIp?: string
  /** Present while a rotation's overlap runs. */
  readonly previousSecret?: {
    readonly expiresAt: number
    readonly lastUsedAt?: number
    readonly lastUsedIp?: string
  }
}

/** What a verification is asked beside "is this token good?". */
export interface VerifyContext<Scope extends string = string> {
  /** The client's address as the framework tells it. Absent or not an address: a token with networks is refused. */
  readonly ip?: string | undefined
  /** Plain scopes (no wildcards), all of which the token must cover. */
  readonly scopes?: readonly Scope[] | undefined
}

/** Why a token was refused. All but `network` and `scope` look the same to the caller. */
export type DenialReason =
  | 'malformed'
  | 'unknown'
  | 'wrong_secret'
  | 'disabled'
  | 'expired'
  | 'owner_unknown'
  | 'network'
  | 'scope'

/** A refusal: a value, never an exception. */
export interface Denial {
  readonly reason: DenialReason
  /** With `scope`: those of the asked scopes that the token does not cover. */
  readonly missing?: readonly string[]
}

export type Verdict = { readonly ok: true; readonly token: ApiToken } | { readonly ok: false; readonly denial: Denial }
