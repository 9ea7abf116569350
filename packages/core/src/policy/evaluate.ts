import type { Verdict, VerifyContext } from '../types.js'
import type { Networks } from './cidr.js'
import { REFUSED, refusedScopes } from './denials.js'
import { isExpired } from './expiry.js'
import type { ScopeSet } from './scopes.js'

/** What is judged: the compiled state of a token whose secret proved right. */
export interface Subject {
  readonly enabled: boolean
  readonly expiresAt: number | undefined
  readonly scopes: ScopeSet
  readonly networks: Networks
  /** What the owner of a personal token may do; `unknown` if the host does not know the owner. */
  readonly ownerScopes: ScopeSet | 'unknown' | undefined
}

type Refused = Extract<Verdict, { ok: false }>

/** The refusal of a use at this moment, or `undefined`. Order: enabled, expiry, owner, address, scopes. */
export function evaluate(subject: Subject, now: number, context: VerifyContext): Refused | undefined {
  if (!subject.enabled) return REFUSED.disabled
  if (isExpired(subject.expiresAt, now)) return REFUSED.expired
  return evaluateUse(subject, context)
}

/** As `evaluate`, of a token that is known to be enabled and not expired. */
export function evaluateUse(subject: Subject, context: VerifyContext): Refused | undefined {
  const { ownerScopes, networks } = subject
  if (ownerScopes === 'unknown') return REFUSED.owner_unknown
  // An address may take long to tell.
  if (networks.restricted && !networks.allows(context.ip)) return REFUSED.network
  const { scopes } = context
  if (scopes === undefined) return undefined
  const covered = subject.scopes.coversAll(scopes) && (ownerScopes === undefined || ownerScopes.coversAll(scopes))
  return covered ? undefined : refusedScopes(missingScopes(subject.scopes, ownerScopes, scopes))
}

/** Those of the asked scopes that the token, or its owner, does not cover. */
export function missingScopes(
  scopes: ScopeSet,
  ownerScopes: ScopeSet | undefined,
  asked: readonly string[],
): readonly string[] {
  return asked.filter((scope) => !scopes.covers(scope) || ownerScopes?.covers(scope) === false)
}
