import type { Denial, DenialReason, DeniedVerdict } from '../types.js'

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
export function deniedScopes(missing: readonly string[]): DeniedVerdict {
  return denied({ reason: 'scope', missing: Object.freeze([...missing]) })
}

function denied(denial: Denial): DeniedVerdict {
  return Object.freeze({ ok: false, denial: Object.freeze(denial) })
}
