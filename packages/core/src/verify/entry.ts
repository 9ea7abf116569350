import { StoreError } from '../errors.js'
import type { Networks } from '../policy/cidr.js'
import type { ScopeSet } from '../policy/scopes.js'
import { publicView } from '../token/record.js'
import type { ApiToken, StoredSecret, TokenRecord, Verdict } from '../types.js'
import { type Moment, ORIGIN, sinceOrigin } from './clock.js'
import { networkSet, scopeSet, sharedList } from './compiled.js'

/**
 * A record made ready for verification: everything that can be computed once is, and nothing else is kept, since caches
 * hold tens of thousands. It is its current secret, too: each object more would be a look more into memory per request.
 */
export interface Entry extends Secret {
  /** The moment at which its read from the store began. */
  readonly loadedAt: number
  /**
   * Until then, by both clocks, there is no need to look at more than the current secret, the address and the scopes:
   * the entry is recent, the token enabled and not expired, the secret alive.
   */
  readonly soundUntil: number
  readonly soundUntilTick: number
  /** Its state is void, and only its proofs are of use. */
  dropped: boolean
  /** How many entries had come to the cache when it last noted a use. */
  notedAt: number
  readonly networks: Networks
  readonly scopes: ScopeSet
  /** What the owner of a personal token may do; `unknown` if the host does not know the owner. */
  readonly ownerScopes: ScopeSet | 'unknown' | undefined
  /** The verdict of every successful verification. */
  readonly allowed: Extract<Verdict, { ok: true }>
  readonly token: ApiToken
  readonly version: number
  /** Tags of dead secrets. */
  readonly retired: readonly string[]
  readonly enabled: boolean
  readonly expiresAt: number | undefined
  readonly previous: Secret | undefined
  readonly loadedTick: number
  /** A proof for a hash that is about to take the place of a stored one. */
  spare: Proof | undefined
  /** A better hash was asked for; that is done once per token and process. */
  rehashed: boolean
}

/** One secret of an entry, with its newest use. */
export interface Secret {
  /** Digest of the token that was proven to hold this secret; `undefined` until then. */
  digest: string | undefined
  /** Since `ORIGIN`. */
  usedAt: number
  usedIp: string | undefined
  /** Whether the use waits to be written. */
  queued: boolean
  readonly id: string
  readonly gen: number
  readonly hash: string
  readonly tag: string
  readonly until: number | undefined
}

/** That the token with this digest holds the secret with this stored hash. */
export interface Proof {
  readonly hash: string
  readonly digest: string
}

/**
 * `known`: an older entry of the same token, whose proofs hold for as long as the stored hashes are the same. `loaded`:
 * when the read of the record began. `ttl`: for how long, in ms, an entry is recent.
 */
export function makeEntry(
  record: TokenRecord,
  ownerScopes: ScopeSet | 'unknown' | undefined,
  known: Entry | undefined,
  { at, tick }: Moment,
  ttl: number,
): Entry {
  const [current, previous] = record.secrets.map((secret) => makeSecret(record.id, secret, known))
  if (current === undefined) throw new StoreError('ERR_STORE', `The stored token ${record.id} has no secret`)
  const [scopes, networks] = [sharedList(record.scopes), sharedList(record.networks)]
  const token = publicView({ ...record, scopes, networks }, at + ORIGIN)
  const ends = [record.expiresAt, current.until].flatMap((end) => (end === undefined ? [] : [sinceOrigin(end)]))
  return {
    // What every hit reads comes first, so that it lies together in memory.
    digest: current.digest,
    usedAt: 0,
    usedIp: undefined,
    queued: false,
    loadedAt: at,
    soundUntil: record.enabled ? Math.min(at + ttl, ...ends) : at,
    soundUntilTick: tick + ttl,
    dropped: false,
    notedAt: 0,
    networks: networkSet(networks),
    scopes: scopeSet(scopes),
    ownerScopes,
    allowed: Object.freeze({ ok: true, token }),
    token,
    id: current.id,
    gen: current.gen,
    hash: current.hash,
    tag: current.tag,
    until: current.until,
    version: record.version,
    retired: sharedList(record.retired),
    enabled: record.enabled,
    expiresAt: record.expiresAt,
    previous,
    loadedTick: tick,
    spare: known?.spare,
    rehashed: known?.rehashed ?? false,
  }
}

function makeSecret(id: string, { gen, hash, tag, until }: StoredSecret, known: Entry | undefined): Secret {
  const proven = [known, known?.previous, known?.spare].find((proof) => proof?.hash === hash)
  return { digest: proven?.digest, usedAt: 0, usedIp: undefined, queued: false, id, gen, hash, tag, until }
}
