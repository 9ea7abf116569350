import { StoreError } from '../errors.js'
import type { Networks } from '../policy/cidr.js'
import type { ScopeSet } from '../policy/scopes.js'
import { publicView } from '../token/record.js'
import type { ApiToken, StoredSecret, TokenRecord, Verdict } from '../types.js'
import { type Moment, ORIGIN } from './clock.js'
import { networkSet, scopeSet, sharedList } from './compiled.js'

/**
 * A record made ready for verification: everything that can be computed once is, and nothing else is kept, since caches
 * hold tens of thousands.
 */
export interface Entry {
  readonly token: ApiToken
  readonly version: number
  /** Tags of dead secrets. */
  readonly retired: readonly string[]
  readonly enabled: boolean
  readonly expiresAt: number | undefined
  readonly scopes: ScopeSet
  readonly networks: Networks
  /** What the owner of a personal token may do; `unknown` if the host does not know the owner. */
  readonly ownerScopes: ScopeSet | 'unknown' | undefined
  readonly current: Secret
  readonly previous: Secret | undefined
  /** The verdict of every successful verification. */
  readonly allowed: Extract<Verdict, { ok: true }>
  /** The moment at which its read from the store began. */
  readonly loadedAt: number
  readonly loadedTick: number
  /** Its state is void, and only its proofs are of use. */
  dropped: boolean
  /** A proof for a hash that is about to take the place of a stored one. */
  spare: Proof | undefined
  /** A better hash was asked for; that is done once per token and process. */
  rehashed: boolean
}

/** One secret of an entry, with its newest use. */
export interface Secret {
  readonly id: string
  readonly gen: number
  readonly hash: string
  readonly tag: string
  readonly until: number | undefined
  /** Digest of the token that was proven to hold this secret; `undefined` until then. */
  digest: string | undefined
  /** Since `ORIGIN`. */
  usedAt: number
  usedIp: string | undefined
  /** Whether the use waits to be written. */
  queued: boolean
}

/** That the token with this digest holds the secret with this stored hash. */
export interface Proof {
  readonly hash: string
  readonly digest: string
}

/** `known`: an older entry of the same token, whose proofs hold for as long as the stored hashes are the same. */
export function makeEntry(
  record: TokenRecord,
  ownerScopes: ScopeSet | 'unknown' | undefined,
  known: Entry | undefined,
  { at, tick }: Moment,
): Entry {
  const [current, previous] = record.secrets.map((secret) => makeSecret(record.id, secret, known))
  if (current === undefined) throw new StoreError('ERR_STORE', `The stored token ${record.id} has no secret`)
  const [scopes, networks] = [sharedList(record.scopes), sharedList(record.networks)]
  const token = publicView({ ...record, scopes, networks }, at + ORIGIN)
  return {
    token,
    version: record.version,
    retired: sharedList(record.retired),
    enabled: record.enabled,
    expiresAt: record.expiresAt,
    scopes: scopeSet(scopes),
    networks: networkSet(networks),
    ownerScopes,
    current,
    previous,
    allowed: Object.freeze({ ok: true, token }),
    loadedAt: at,
    loadedTick: tick,
    dropped: false,
    spare: known?.spare,
    rehashed: known?.rehashed ?? false,
  }
}

function makeSecret(id: string, { gen, hash, tag, until }: StoredSecret, known: Entry | undefined): Secret {
  const proven = [known?.current, known?.previous, known?.spare].find((proof) => proof?.hash === hash)
  return { id, gen, hash, tag, until, digest: proven?.digest, usedAt: 0, usedIp: undefined, queued: false }
}
