import type { OnAudit } from './audit-entry.js'
import type { Hasher } from './secret/hasher.js'
import type { TokenStore } from './store/token-store.js'
import type { ForeignFormat } from './token/foreign.js'
import type { ManagementScopes } from './types.js'
import type { OwnerScopes } from './verify/owner-scopes.js'

/** Where a token may stand in a request: a scheme of `Authorization`, or the header `X-API-Key`. */
export type CredentialSource = 'bearer' | 'api-token' | 'x-api-key'

/** What `createLatchkey` takes. All times are in milliseconds. A member that is `undefined` has its default. */
export interface LatchkeyOptions<
  Scopes extends Readonly<Record<string, string>> = Readonly<Record<string, string>>,
  Management extends Partial<ManagementScopes> = ManagementScopes,
> {
  /** Where tokens live. The host closes it, after the instances that use it. */
  readonly store: TokenStore
  /**
   * Separates key spaces within one store: a token of one environment is unknown in another. 1 to 64 of `A-Z a-z 0-9 _ .
   * -`. Default `default`.
   */
  readonly environment?: string | undefined
  /** What every new token begins with: `[a-z][a-z0-9]{1,15}`. Default `lk`. */
  readonly prefix?: string | undefined
  /** Former or coming prefixes, whose tokens are accepted too. A rotated token keeps its prefix. Default none. */
  readonly acceptPrefixes?: readonly string[] | undefined
  /** Formats of keys that another system handed out, and that `importTokens` has taken over. Default none. */
  readonly foreign?: readonly ForeignFormat[] | undefined
  /** The realm in `WWW-Authenticate`. Default `api`. */
  readonly realm?: string | undefined
  /** The host's scopes, with a description each. Only these can be granted. Default: any scope can. */
  readonly scopes?: Scopes | undefined
  /** Other names for some of the scopes of the management routes. Default `apiTokens.read`, `apiTokens.write` and
   * `apiTokens.admin`. */
  readonly managementScopes?: Management | undefined
  /** Makes the stored hashes. Default `argon2id()`. */
  readonly hasher?: Hasher | undefined
  /**
   * Further hashers whose hashes are accepted. A token with such a hash gets one of `hasher` on its next use. Default none.
   */
  readonly acceptHashers?: readonly Hasher[] | undefined
  /** What is kept in memory. */
  readonly cache?: CacheOptions | undefined
  /** When last uses are written. `false`: they are not recorded. */
  readonly lastUsed?: LastUsedOptions | false | undefined
  /** The longest life of a token, and the life of one that is created without an expiry. Default: no limit. */
  readonly maxLifetime?: number | undefined
  /** The longest overlap of a rotation: for how long a previous secret may live on. Default 30 days. */
  readonly maxOverlap?: number | undefined
  /**
   * How many tokens an owner may have when a caller creates another one. Expired and disabled ones count. Creates at the
   * same moment may exceed it by their number. Default: no limit.
   */
  readonly maxTokensPerOwner?: number | undefined
  /** How long expired tokens are kept before `purge` removes them. Default: for ever. */
  readonly retention?: number | undefined
  /** Calls `purge` this often, at least every 1,000. Needs `retention`. Default: never. */
  readonly purgeInterval?: number | undefined
  /** Where requests may present a token. Default: all three. */
  readonly credentials?: readonly CredentialSource[] | undefined
  /**
   * What the owner of a personal token may do now, or `undefined` for an owner who is unknown and whose tokens are
   * refused. Called when a record is read from the store. If it rejects, or takes longer than `hostTimeout`, the request
   * gets 503.
   */
  readonly ownerScopes?: OwnerScopes | undefined
  /**
   * Keeps the audit. It is called twice for each management write: before it is written (`outcome: 'begun'`), and with its
   * outcome. If the first call rejects or takes longer than `hostTimeout`, nothing is written and the caller gets 503. A
   * refused write is told of once. Default: entries are published on the channel `latchkey:audit` alone.
   */
  readonly onAudit?: OnAudit | undefined
  /** Which operations have audit entries beside the writes. */
  readonly audit?: { /** Default `false`. */ readonly reads?: boolean | undefined } | undefined
  /** How long `ownerScopes`, `authorize` and `onAudit` may take before the request gets 503. Default 3,000. */
  readonly hostTimeout?: number | undefined
  /** The clock, in epoch milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** The bounds of what an instance keeps in memory. */
export interface CacheOptions {
  /** How many proven secrets are kept. A token has one, or two during the overlap of a rotation. Default 50,000. */
  readonly max?: number | undefined
  /** The greatest age of a cached record, in ms. It bounds every revocation. Default 5,000. */
  readonly ttl?: number | undefined
  /** How much older a cached record may be while the store fails, in ms. Default 0. */
  readonly staleIfError?: number | undefined
}

/** When last uses are written. */
export interface LastUsedOptions {
  /** The time in ms between two writes. Default 10,000. */
  readonly flushInterval?: number | undefined
}
