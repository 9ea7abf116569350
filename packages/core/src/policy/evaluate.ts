import type { Denial, DenialReason } from '../types.js'
import type { Networks } from './cidr.js'
import { isExpired } from './expiry.js'
import type { ScopeSet } from './scopes.js'

/** A token whose secret proved right, compiled for judging. */
export interface Subject {
  readonly enabled: boolean
  readonly expiresAt?: number | undefined
  readonly scopes: ScopeSet
  readonly networks: Networks
  /** What the owner may do, when that bounds the token. `unknown`: there is no such owner. Absent: no bound. */
  readonly ownerScopes?: ScopeSet | 'unknown' | undefined
}

/** What a request asks of a token. */
export interface Ask {
  /** Epoch milliseconds. */
  readonly now: number
  readonly ip?: string | undefined
  /** All of them are needed. */
  readonly scopes?: readonly string[] | undefined
}

/** The refusals that say no more than their reason, made once so that a flood of them allocates nothing. */
export const DENIED: { readonly [Reason in Exclude<DenialReason, 'scope'>]: Denial } = Object.freeze({
  malformed: Object.freeze({ reason: 'malformed' }),
  unknown: Object.freeze({ reason: 'unknown' }),
  wrong_secret: Object.freeze({ reason: 'wrong_secret' }),
  disabled: Object.freeze({ reason: 'disabled' }),
  expired: Object.freeze({ reason: 'expired' }),
  owner_unknown: Object.freeze({ reason: 'owner_unknown' }),
  network: Object.freeze({ reason: 'network' }),
})

/**
 * Whether the token may do what is asked: the first reason against it in the fixed order enabled, expiry, owner,
 * address, scopes, or `undefined` if there is none. Allocates only for a missing scope.
 */
export function evaluate(subject: Subject, ask: Ask): Denial | undefined {
  const { scopes, ownerScopes } = subject
  if (!subject.enabled) return DENIED.disabled
  if (isExpired(subject.expiresAt, ask.now)) return DENIED.expired
  if (ownerScopes === 'unknown') return DENIED.owner_unknown
  if (!subject.networks.allows(ask.ip)) return DENIED.network
  if (ask.scopes === undefined) return undefined

  for (const scope of ask.scopes) {
    if (!scopes.covers(scope) || ownerScopes?.covers(scope) === false) {
      return { reason: 'scope', missing: missing(ask.scopes, scopes, ownerScopes) }
    }
  }
  return undefined
}

function missing(asked: readonly string[], own: ScopeSet, owner: ScopeSet | undefined): readonly string[] {
  return asked.filter((scope) => !own.covers(scope) || owner?.covers(scope) === false)
}
