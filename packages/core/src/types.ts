/**
 * Who did something: a token, a user whom the host named (`Caller`), or the host's own code. `id`: of the token, or the
 * user's if the host gave one. `owner`: present for tokens and users.
 */
export interface Actor {
  readonly kind: 'token' | 'user' | 'host'
  readonly id?: string
  readonly owner?: string
}

/**
 * A token as the stores keep it. It holds hashes and tags, so it never leaves core and the stores.
 * All times are epoch milliseconds. An absent time means "never".
 */
export interface TokenRecord {
  /** `prefix.PUBLIC24`. A rotation keeps it. May be shown and logged. */
  id: string
  name: string
  owner: string
  /** A personal access token: it can do no more than its owner at the time of use. */
  personal: boolean
  enabled: boolean
  /** As granted: wildcards stay wildcards. */
  scopes: string[]
  /** CIDR blocks as given; empty means every address. */
  networks: string[]
  /** The resources that it is bound to: `type:id` or `type:*`. Empty means every resource. */
  resources: string[]
  metadata?: Record<string, unknown>
  /** 1 after insert, one more after each update. A touch does not change it. */
  version: number
  createdAt: number
  createdBy?: Actor
  expiresAt?: number
  /** When name, scopes, networks, resources or metadata last changed, and who changed them. */
  modifiedAt?: number
  modifiedBy?: Actor
  rotatedAt?: number
  lastUsedAt?: number
  lastUsedIp?: string
  /** `[0]` is the current secret. `[1]`, if present, is the previous one during an overlap. */
  secrets: StoredSecret[]
  /** Tags of up to 8 retired secrets, newest first. They serve to notice reuse. */
  retired: string[]
}

/** What a record knows of one secret. */
export interface StoredSecret {
  /** The generation: it identifies a secret of this token, and is never used twice. */
  gen: number
  /** PHC string of the secret. */
  hash: string
  /**
   * The first 8 hex digits of the SHA-256 of the whole token, or of the digest of a foreign key. Most wrong secrets are
   * refused by it, without a slow hash. Empty for a foreign key with a slow hash that was not used yet.
   */
  tag: string
  /** The name of its format, if it is a foreign key that was imported. Absent: a secret of ours. */
  format?: string
  /** From this moment on the secret is refused. Absent: it has no end of its own. */
  until?: number
  lastUsedAt?: number
  lastUsedIp?: string
}

/** One successful use of one secret, as passed to `EnvironmentStore.touch`. */
export interface TokenUse {
  id: string
  /** Of the secret that was used. */
  gen: number
  /** Epoch milliseconds. */
  at: number
  ip?: string
}

/** A token's metadata as hosts and callers see it: no secret, hash or tag. Times are epoch milliseconds. */
export interface ApiToken {
  /** `prefix.PUBLIC24`: the token up to its second dot. May be shown and logged. */
  readonly id: string
  readonly name: string
  readonly owner: string
  /** A personal access token: it can do no more than its owner at the time of use. */
  readonly personal: boolean
  readonly enabled: boolean
  /** As granted: wildcards stay wildcards. */
  readonly scopes: readonly string[]
  /** CIDR blocks as given; empty means every address. */
  readonly networks: readonly string[]
  /** The resources that it is bound to: `type:id` or `type:*`. Empty means every resource. */
  readonly resources: readonly string[]
  /** The name of its foreign format, for an imported key until it is rotated. Absent: a token of ours. */
  readonly format?: string
  /** The host's own data. Latchkey does not read it. */
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly createdBy?: Actor
  /** From this moment on the token is refused. Absent: it never expires. */
  readonly expiresAt?: number
  /** When name, scopes, networks, resources or metadata last changed, and who changed them. */
  readonly modifiedAt?: number
  readonly modifiedBy?: Actor
  readonly rotatedAt?: number
  /** When a request was last let in, with either secret. Written with a delay of up to `lastUsed.flushInterval`. */
  readonly lastUsedAt?: number
  readonly lastUsedIp?: string
  /** Present during the overlap of a rotation: the secret before the current one, which still works. */
  readonly previousSecret?: {
    /** From this moment on the previous secret is refused. */
    readonly expiresAt: number
    readonly lastUsedAt?: number
    readonly lastUsedIp?: string
  }
}

/** What a verification is asked beyond "is this token valid?". */
export interface VerifyContext<Scope extends string = string> {
  /** The client's address, as the framework determines it. Without a readable one, a token with networks is refused. */
  readonly ip?: string | undefined
  /** Plain scopes (no wildcards), all of which the token must cover. */
  readonly scopes?: readonly Scope[] | undefined
  /**
   * What the token is used for: resources of the form `type:id`, all of which a token that is bound to resources must
   * cover, or `any` if that does not matter. Absent: tokens that are bound to resources are refused. An empty list, and
   * a text that is no resource, refuse every token.
   */
  readonly resources?: readonly string[] | 'any' | undefined
}

/**
 * Why a token was refused. Over HTTP all but `network`, `scope` and `resource` look the same.
 *
 * - `malformed`: not of the format, of another prefix, or with a wrong checksum.
 * - `unknown`: no such id in this environment.
 * - `wrong_secret`: the token exists, but this is not its secret, or not any more.
 * - `disabled`, `expired`: the secret is right, but the token may not be used.
 * - `owner_unknown`: `ownerScopes` does not know the owner of this personal token.
 * - `network`: the client's address is not in the token's CIDR blocks, or is not known.
 * - `scope`: a scope is missing.
 * - `resource`: the token is bound to other resources, or the request names no valid resource.
 */
export type DenialReason =
  | 'malformed'
  | 'unknown'
  | 'wrong_secret'
  | 'disabled'
  | 'expired'
  | 'owner_unknown'
  | 'network'
  | 'scope'
  | 'resource'

/** Why a request was refused that did not present exactly one credential. */
export type CredentialDenialReason = 'no_credential' | 'invalid_request'

/** Why a token was refused: a value, never an exception. */
export interface Denial {
  readonly reason: DenialReason
  /** With `scope`: the asked scopes that the token does not cover. */
  readonly missing?: readonly string[]
}

/** The verdict on a token that is let in. */
export interface AllowedVerdict {
  readonly ok: true
  readonly token: ApiToken
}

/** The verdict on a token that is refused. */
export interface DeniedVerdict {
  readonly ok: false
  readonly denial: Denial
}

/** The answer to a verification: the token's metadata, or why it was refused. */
export type Verdict = AllowedVerdict | DeniedVerdict

/** The scopes that the management routes need: three different plain scopes. */
export interface ManagementScopes {
  /** To list, get and explain tokens of every owner; for a personal caller, of its own owner. */
  readonly read: string
  /**
   * To create tokens for the caller's own owner, to rotate and widen them, and to rename, narrow, disable and delete
   * any token that the caller sees.
   */
  readonly write: string
  /** The admin right: to act for other owners, and to set metadata. It does not include the two others. */
  readonly admin: string
}

/** The management scopes of a host that renames none. */
export interface StandardManagementScopes {
  readonly read: 'apiTokens.read'
  readonly write: 'apiTokens.write'
  readonly admin: 'apiTokens.admin'
}

/** The names of the management scopes of a host that renames some. */
export type ManagementScopeNames<Renamed extends Partial<ManagementScopes>> = {
  [K in keyof ManagementScopes]: Renamed[K] extends string ? Renamed[K] : StandardManagementScopes[K]
}[keyof ManagementScopes]
