import type { ListFilter } from '../store/token-store.js'

/**
 * A point in time: epoch milliseconds, an ISO 8601 date, or relative to now as in `now+30d` (units `m h d w M y`; `/d`
 * after it rounds down, in UTC). From 1970 to the year 9999.
 */
export type Timeframe = number | string

/** What a new token is made of. `null` counts as absent in every optional member. */
export interface CreateInput {
  /**
   * 1 to 200 code points after trimming, at least one of them visible, none of them a control, format or other invisible
   * character. Need not be unique.
   */
  name: string
  /** 1 to 100 different scopes that the host lets be granted. */
  scopes: readonly string[]
  /** Default: the caller's own. Required where there is no caller. */
  owner?: string | null | undefined
  /** A personal access token. Default: as the caller is; `false` without a caller. */
  personal?: boolean | null | undefined
  /** Default `true`. */
  enabled?: boolean | null | undefined
  /** At most 100 CIDR blocks, kept as given; none allows every address. */
  networks?: readonly string[] | null | undefined
  /** At most 100 resources that it is bound to, `type:id` or `type:*`; none allows every resource. */
  resources?: readonly string[] | null | undefined
  /** In the future, at most `maxLifetime` away. Default: never, or as far as `maxLifetime` allows. */
  expiresAt?: Timeframe | null | undefined
  /** At most 4 KiB as JSON. */
  metadata?: Readonly<Record<string, unknown>> | null | undefined
}

/**
 * What is absent or `null` stays, what is given replaces. `expiresAt` must be in the future and at most `maxLifetime`
 * from now; that of an expired token cannot be changed.
 */
export type UpdateInput = {
  [Member in 'name' | 'enabled' | 'scopes' | 'networks' | 'resources' | 'metadata' | 'expiresAt']?:
    | CreateInput[Member]
    | undefined
}

/** How a rotation is done. `null` counts as absent. */
export interface RotateInput {
  /**
   * Until when the previous secret stays valid: in the future, at most `maxOverlap` away, not later than the token's
   * expiry. Absent: every older secret stops working at once.
   */
  previousExpiresAt?: Timeframe | null | undefined
  /** A new expiry for the token: in the future, at most `maxLifetime` away. Absent: it stays. */
  expiresAt?: Timeframe | null | undefined
}

/** A checked input: without nulls, times in epoch milliseconds, texts trimmed. Shares nothing with what was given. */
export interface CheckedCreate {
  name: string
  scopes: string[]
  owner?: string
  personal?: boolean
  enabled?: boolean
  networks?: string[]
  resources?: string[]
  expiresAt?: number
  metadata?: Record<string, unknown>
}

/**
 * Whether its scopes may be granted and its expiry is allowed depends on what the token has: see `updateToken`. `null`
 * removes a member, which a merge patch alone can ask for.
 */
export interface CheckedUpdate
  extends Partial<Pick<CheckedCreate, 'name' | 'enabled' | 'scopes' | 'networks' | 'resources'>> {
  metadata?: Record<string, unknown> | null
  expiresAt?: number | null
}

export interface CheckedRotate {
  previousExpiresAt?: number
  expiresAt?: number
}

/** The text that a caller presents as a token. The verifier decides whether it is one. */
export interface PresentedToken {
  token: string
}

/** Which token to explain, and for which request: with either an id or a token. */
export interface CheckedExplain {
  id?: string
  token?: string
  ip?: string
  scopes?: string[]
  resources?: string[] | 'any'
}

/** The checked inputs by operation. */
export interface CheckedInputs {
  create: CheckedCreate
  update: CheckedUpdate
  rotate: CheckedRotate
  finish: object
  cancel: object
  lookup: PresentedToken
  revoke: PresentedToken
  revokeAll: ListFilter
  explain: CheckedExplain
}
