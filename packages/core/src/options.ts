import type { Hasher } from './secret/hasher.js'
import type { TokenStore } from './store/token-store.js'
import type { OwnerScopes } from './verify/loader.js'

/** Where a token may stand in a request: a scheme of `Authorization`, or the header `X-API-Key`. */
export type CredentialSource = 'bearer' | 'api-token' | 'x-api-key'

/** The scopes that the management routes need. */
export interface ManagementScopes {
  /** To list and get tokens. A plain scope. */
  readonly read: string
  /** To create, update, rotate and delete tokens. Another plain scope. */
  readonly write: string
}

/** What `createLatchkey` takes. All times are in milliseconds. */
export interface LatchkeyOptions<
  Scopes extends Readonly<Record<string, string>> = Readonly<Record<string, string>>,
  Management extends ManagementScopes = ManagementScopes,
> {
  /** Where tokens live. The host closes it, after the instances that use it. */
  readonly store: TokenStore
  /** Separates key spaces within one store: a token of one environment is unknown in another. Default `default`. */
  readonly environment?: string
  /** In front of every token: `[a-z][a-z0-9]{1,15}`. Default `lk`. */
  readonly prefix?: string
  /** The realm in `WWW-Authenticate`. Default `api`. */
  readonly realm?: string
  /** The scopes of the host, with a description each. Given, only these can be granted; absent, any can. */
  readonly scopes?: Scopes
  /** Other names for the scopes of the management routes. Default `apiTokens.read` and `apiTokens.write`. */
  readonly managementScopes?: Management
  /** Makes the stored hashes. Default `argon2id()`. */
  readonly hasher?: Hasher
  /** Hashes of other kinds that still count; they are replaced by the hasher's own when next used. Default none. */
  readonly acceptHashers?: readonly Hasher[]
  /**
   * `max`: tokens kept in memory, default 50,000. `ttl`: the oldest that a cached record may be, hence the bound of
   * every revocation, default 5,000. `staleIfError`: how much older while the store fails, default 0.
   */
  readonly cache?: { readonly max?: number; readonly ttl?: number; readonly staleIfError?: number }
  /** How often last uses are written, default every 10,000; `false` records none. */
  readonly lastUsed?: { readonly flushInterval?: number } | false
  /** The longest life of a token; one that asks for no expiry gets this. Default: no limit. */
  readonly maxLifetime?: number
  /** How long expired tokens are kept before `purge` removes them. Default: for ever. */
  readonly retention?: number
  /** Runs `purge` by itself this often; needs `retention`. Default: never. */
  readonly purgeInterval?: number
  /** Which credentials count. Default all three. */
  readonly credentials?: readonly CredentialSource[]
  /**
   * What the owner of a personal token may do now; `undefined` for an owner who is unknown, whose tokens are refused.
   * Asked when a record is read from the store. A rejection makes the answer 503.
   */
  readonly ownerScopes?: OwnerScopes
  /** The clock, in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number
}
