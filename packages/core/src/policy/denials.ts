import type { Denial, DenialReason, Verdict } from '../types.js'

type Refusal = Extract<Verdict, { ok: false }>

/** The refusals that say nothing beyond their reason, made once: a flood of bad tokens allocates none. */
export const REFUSED: { readonly [R in Exclude<DenialReason, 'scope'>]: Refusal } = Object.freeze({
  malformed: refusal({ reason: 'malformed' }),
  unknown: refusal({ reason: 'unknown' }),
  wrong_secret: refusal({ reason: 'wrong_secret' }),
  disabled: refusal({ reason: 'disabled' }),
  expired: refusal({ reason: 'expired' }),
  owner_unknown: refusal({ reason: 'owner_unknown' }),
  network: refusal({ reason: 'network' }),
})

/** A refusal for the scopes that the token lacks. */
export function refusedScopes(missing: readonly string[]): Refusal {
  return refusal({ reason: 'scope', missing: Object.freeze([...missing]) })
}

function refusal(denial: Denial): Refusal {
  return Object.freeze({ ok: false, denial: Object.freeze(denial) })
}
