import type { Denial, DenialReason, DeniedVerdict, VerifyContext } from '../types.js'
import type { Networks } from './cidr.js'
import { mayUse, type ResourceSet } from './resources.js'
import type { ScopeSet } from './scopes.js'

/** The compiled state of a token whose secret is right. */
export interface Subject {
  readonly enabled: boolean
  /** Epoch milliseconds. */
  readonly expiresAt: number | undefined
  readonly scopes: ScopeSet
  readonly networks: Networks
  readonly resources: ResourceSet
  /** What the owner of a personal token may do, `unknown` if the host does not know the owner. */
  readonly ownerScopes: ScopeSet | 'unknown' | undefined
}

/**
 * Why this use is denied at this moment, or `undefined` if it is allowed. The checks run in this order: enabled,
 * expiry, owner, address, scopes, resources.
 */
export function evaluate(subject: Subject, now: number, context: VerifyContext): DeniedVerdict | undefined {
  const { ownerScopes, networks } = subject
  if (!subject.enabled) return DENIED.disabled
  if (isExpired(subject.expiresAt, now)) return DENIED.expired
  if (ownerScopes === 'unknown') return DENIED.owner_unknown
  // Read only where it matters: a framework may take microseconds to determine the address.
  if (networks.restricted && !networks.allows(context.ip)) return DENIED.network
  const { scopes } = context
  if (scopes !== undefined && !coversAll(subject.scopes, ownerScopes, scopes)) {
    return deniedScopes(missingScopes(subject.scopes, ownerScopes, scopes))
  }
  return mayUse(subject.resources, context.resources) ? undefined : DENIED.resource
}

function coversAll(scopes: ScopeSet, ownerScopes: ScopeSet | undefined, asked: readonly string[]): boolean {
  return scopes.coversAll(asked) && (ownerScopes === undefined || ownerScopes.coversAll(asked))
}

/** Those of the asked scopes that the token, or its owner, does not cover. */
export function missingScopes(
  scopes: ScopeSet,
  ownerScopes: ScopeSet | undefined,
  asked: readonly string[],
): readonly string[] {
  return asked.filter((scope) => !scopes.covers(scope) || ownerScopes?.covers(scope) === false)
}

/**
 * Whether the moment `expiresAt` has come. Both are epoch milliseconds. `undefined` never expires. Any other value that
 * is no finite number has expired.
 */
export function isExpired(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && !(Number.isFinite(expiresAt) && now < expiresAt)
}

/** The verdicts that say nothing beyond their reason, made once: a flood of bad tokens allocates none. */
export const DENIED: { readonly [R in Exclude<DenialReason, 'scope'>]: DeniedVerdict } = Object.freeze({
  malformed: denied({ reason: 'malformed' }),
  unknown: denied({ reason: 'unknown' }),
  wrong_secret: denied({ reason: 'wrong_secret' }),
  disabled: denied({ reason: 'disabled' }),
  expired: denied({ reason: 'expired' }),
  owner_unknown: denied({ reason: 'owner_unknown' }),
  network: denied({ reason: 'network' }),
  resource: denied({ reason: 'resource' }),
})

/** The verdict on a token that lacks these scopes. */
function deniedScopes(missing: readonly string[]): DeniedVerdict {
  return denied({ reason: 'scope', missing: Object.freeze([...missing]) })
}

function denied(denial: Denial): DeniedVerdict {
  return Object.freeze({ ok: false, denial: Object.freeze(denial) })
}
