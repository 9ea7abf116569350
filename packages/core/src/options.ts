import type { OnAudit } from './audit-entry.js'
import type { Hasher } from './secret/hasher.js'
import type { TokenStore } from './store/token-store.js'
import type { ForeignFormat } from './token/foreign.js'
import type { ManagementScopes } from './types.js'
import type { OwnerScopes } from './verify/owner-scopes.js'

/** Where a request can carry a token: in a scheme of `Authorization`, or in the header `X-API-Key`. */
export type CredentialSource = 'bearer' | 'api-token' | 'x-api-key'

/** The options of `createLatchkey`. All times are in milliseconds. `undefined` means the default. */
export interface LatchkeyOptions<
  Scopes extends Readonly<Record<string, string>> = Readonly<Record<string, string>>,
  Management extends Partial<ManagementScopes> = ManagementScopes,
> {
  /** Keeps the tokens. The host closes it, after the instances that use it. */
  readonly store: TokenStore
  /**
   * Separates tokens within one store: a token of one environment is unknown in another. 1 to 64 of `A-Z a-z 0-9 _ .
   * -`. Default `default`.
   */
  readonly environment?: string | undefined
  /** What every new token begins with: `[a-z][a-z0-9]{1,15}`. Default `lk`. */
  readonly prefix?: string | undefined
  /** Former or future prefixes whose tokens are accepted too. A rotated token keeps its prefix. Default: none. */
  readonly acceptPrefixes?: readonly string[] | undefined
  /** Formats of keys that another system made and `importTokens` imported. Default: none. */
  readonly foreign?: readonly ForeignFormat[] | undefined
  /** The realm in `WWW-Authenticate`. Default `api`. */
  readonly realm?: string | undefined
  /** The host's scopes, each with a description. Only these can be granted. Default: any scope can be granted. */
  readonly scopes?: Scopes | undefined
  /** Other names for some of the scopes of the management routes. Default `apiTokens.read`, `apiTokens.write` and
   * `apiTokens.admin`. */
  readonly managementScopes?: Management | undefined
  /** Makes the stored hashes. Default `argon2id()`. */
  readonly hasher?: Hasher | undefined
  /**
   * More hashers whose hashes are accepted. A token with such a hash gets a hash of `hasher` on its next use. Default:
   * none.
   */
  readonly acceptHashers?: readonly Hasher[] | undefined
  /** What is kept in memory. */
  readonly cache?: CacheOptions | undefined
  /** When last uses are written. `false`: they are not recorded. */
  readonly lastUsed?: LastUsedOptions | false | undefined
  /**
   * How far ahead an expiry may lie when it is set, and the life of a token that is created without one. Tokens that are
   * there already, and imported ones, keep theirs. Default: no limit.
   */
  readonly maxLifetime?: number | undefined
  /** The longest overlap of a rotation: how long a previous secret can go on working. Default: 30 days. */
  readonly maxOverlap?: number | undefined
  /**
   * How many tokens an owner may have when a caller creates another one. Expired and disabled tokens count.
   * Simultaneous creates can exceed it slightly. Default: no limit.
   */
  readonly maxTokensPerOwner?: number | undefined
  /** How long expired tokens are kept before `purge` removes them. Default: for ever. */
  readonly retention?: number | undefined
  /** The interval between two calls of `purge`, 1,000 or more. Needs `retention`. Default: never. */
  readonly purgeInterval?: number | undefined
  /** Where requests can carry a token. Default: all three. */
  readonly credentials?: readonly CredentialSource[] | undefined
  /**
   * Resolves to what the owner of a personal token may do now, or to `undefined` for an unknown owner, whose tokens are
   * refused. Called when a record is read from the store. If it rejects or takes longer than `hostTimeout`, the request
   * gets 503.
   */
  readonly ownerScopes?: OwnerScopes | undefined
  /**
   * Keeps the audit. Called before each attempt to write (`outcome: 'begun'`), and with the outcome. If the first call
   * rejects or takes longer than `hostTimeout`, nothing is written and the caller gets 503. Refused writes and purges
   * have only the outcome; calls that change nothing have no entry. Default: entries are only published on the channel
   * `latchkey:audit`.
   */
  readonly onAudit?: OnAudit | undefined
  /** Which operations have audit entries besides writes. */
  readonly audit?: { /** Default `false`. */ readonly reads?: boolean | undefined } | undefined
  /** How long `ownerScopes`, `authorize` and `onAudit` may take before the request gets 503. Default 3,000. */
  readonly hostTimeout?: number | undefined
  /** The clock, in epoch milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

/** The bounds of what an instance keeps in memory. */
export interface CacheOptions {
  /** How many checked secrets are kept. A token has one, or two during the overlap of a rotation. Default 50,000. */
  readonly max?: number | undefined
  /**
   * The maximum age of a cached record, in ms. A revoked token works on other nodes for at most this long, and for
   * `staleIfError` more while the store fails. Default 5,000.
   */
  readonly ttl?: number | undefined
  /**
   * How much older a cached record may be while the store fails, in ms. Meanwhile a revocation may be late by this much.
   * Default 0.
   */
  readonly staleIfError?: number | undefined
}

/** When last uses are written. */
export interface LastUsedOptions {
  /** The time in ms between two writes. Default 10,000. */
  readonly flushInterval?: number | undefined
}
