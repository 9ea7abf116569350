import { StoreError } from '../errors.js'
import { compileNetworks, type Networks } from '../policy/cidr.js'
import { compileScopes, type ScopeSet } from '../policy/scopes.js'
import { publicView } from '../token/record.js'
import type { TokenRecord, TokenUse, Verdict } from '../types.js'

/** A record made ready for verification: everything that can be computed once is. */
export interface Entry {
  readonly record: TokenRecord
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
  /** The host's clock, and the monotonic one, when its read from the store began. */
  readonly loadedAt: number
  readonly loadedTick: number
}

/** One secret of an entry. */
export interface Secret {
  readonly hash: string
  readonly tag: string
  readonly until: number | undefined
  /** Digest of the token that was proven to hold this secret; `undefined` until then. */
  digest: string | undefined
  /** The newest use; `queued` while it waits to be written. */
  readonly use: TokenUse & { queued: boolean }
}

/** A time by two clocks: the host's may be set back, which must not lengthen any bound. */
export interface Moment {
  readonly at: number
  readonly tick: number
}

/** Whether something read at a moment is still younger than `limit` milliseconds. */
export function isRecent(readAt: number, readTick: number, now: Moment, limit: number): boolean {
  return now.at >= readAt && now.at - readAt < limit && now.tick - readTick < limit
}

/** A proof that outlives the entry: this token's digest belongs to this stored hash. */
export interface Proven {
  readonly hash: string
  readonly digest: string
}

export function makeEntry(
  record: TokenRecord,
  ownerScopes: ScopeSet | 'unknown' | undefined,
  proven: readonly Proven[],
  moment: Moment,
): Entry {
  const [current, previous] = record.secrets.map(
    (secret): Secret => ({
      hash: secret.hash,
      tag: secret.tag,
      until: secret.until,
      digest: proven.find((proof) => proof.hash === secret.hash)?.digest,
      use: { id: record.id, gen: secret.gen, at: 0, queued: false },
    }),
  )
  if (current === undefined) throw new StoreError('ERR_STORE', `The stored token ${record.id} has no secret`)
  return {
    record,
    enabled: record.enabled,
    expiresAt: record.expiresAt,
    scopes: compileScopes(record.scopes),
    networks: compileNetworks(record.networks),
    ownerScopes,
    current,
    previous,
    allowed: Object.freeze({ ok: true, token: publicView(record, moment.at) }),
    loadedAt: moment.at,
    loadedTick: moment.tick,
  }
}
