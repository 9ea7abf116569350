import type { Violation } from '../errors.js'
import { type Block, contains, parseBlock } from './cidr.js'
import { compileScopes, type ScopeSet } from './scopes.js'

/** What a token can do. */
export interface Power {
  readonly owner: string
  readonly personal: boolean
  readonly scopes: readonly string[]
  /** CIDR blocks; empty means every address. */
  readonly networks: readonly string[]
  /** Epoch milliseconds; absent means never. */
  readonly expiresAt?: number | undefined
  readonly environment: string
}

/** What the caller of a management operation can do. */
export interface CallerPower {
  readonly owner: string
  readonly personal: boolean
  /** A scope counts as the caller's when every one covers it: its own scopes and, if it is personal, its owner's. */
  readonly powers: readonly [ScopeSet, ...ScopeSet[]]
  readonly networks: readonly string[]
  readonly expiresAt?: number | undefined
  readonly environment: string
  /** Whether the host lets this caller act for other owners. */
  readonly assignOwner: boolean
}

/**
 * What is done to the token: a new one is made; an existing one is handed out anew, secret or life (rotate, enable);
 * or one is changed that could do `before` until now. A change never touches owner, personal and environment.
 */
export type Deed = 'create' | 'handOut' | { readonly before: Power }

/** One way in which a token would be more than its giver: a violation, and of what. */
export interface Excess extends Violation {
  readonly dimension: 'scopes' | 'networks' | 'expiry' | 'owner' | 'personal' | 'environment'
}

/**
 * Everything in which `child` would be more than `caller`; empty means allowed.
 *
 * A new token, or one handed out, is judged whole. A change is judged by what it adds: every combination of scope,
 * address and time that was not there before. An added scope counts from all of the token's networks and until its
 * expiry; an added network, or a later expiry, counts for all of its scopes. So a token that can do more than the
 * caller may be narrowed, and no power can be moved into a token that outlives or outreaches the caller.
 *
 * Not checked: whether scopes and blocks are well-formed. A block that is not lies inside of no other.
 */
export function exceeds(child: Power, caller: CallerPower, deed: Deed): Excess[] {
  const identity = identityBeyond(child, caller, deed)
  const reach = reachBeyond(child, caller)
  if (typeof deed === 'string') return [...identity, ...reach]

  const { before } = deed
  const added = reachBeyond(child, { ...before, powers: [compileScopes(before.scopes)] })
  const counts = (excess: Excess) =>
    added.some(({ dimension, path }) => path === excess.path || dimension !== excess.dimension)
  return [...identity, ...reach].filter(counts)
}

function identityBeyond(child: Power, caller: CallerPower, deed: Deed): Excess[] {
  const found: Excess[] = []
  const ownerCounts = deed === 'create' || caller.personal || (deed === 'handOut' && child.personal)
  if (ownerCounts && child.owner !== caller.owner && !caller.assignOwner) {
    found.push({ dimension: 'owner', path: 'owner', message: 'The caller may not act for another owner.' })
  }
  if (caller.personal && !child.personal) {
    const message = 'A personal caller may give power to personal tokens only.'
    found.push({ dimension: 'personal', path: 'personal', message })
  }
  if (child.environment !== caller.environment) {
    const message = 'The token and the caller belong to different environments.'
    found.push({ dimension: 'environment', path: 'environment', message })
  }
  return found
}

/** The part of a power that is measured: what may be done, from where, until when. */
type Reach = Pick<CallerPower, 'powers' | 'networks' | 'expiresAt'>

function reachBeyond(child: Power, limit: Reach): Excess[] {
  return [
    ...scopesBeyond(child.scopes, limit.powers),
    ...networksBeyond(child.networks, limit.networks),
    ...expiryBeyond(child.expiresAt, limit.expiresAt),
  ]
}

function scopesBeyond(scopes: readonly string[], powers: Reach['powers']): Excess[] {
  return scopes.flatMap((scope, i) => {
    if (powers.every((power) => power.covers(scope))) return []
    const message = `The caller does not have the scope ${scope} itself.`
    return [{ dimension: 'scopes', path: `scopes[${i}]`, message }]
  })
}

function networksBeyond(networks: readonly string[], limit: readonly string[]): Excess[] {
  if (limit.length === 0) return []
  if (networks.length === 0) {
    const message = 'The caller is bound to CIDR blocks, so the token must be too.'
    return [{ dimension: 'networks', path: 'networks', message }]
  }
  const outer = limit.flatMap(validBlock)
  return networks.flatMap((text, i) => {
    const [inner] = validBlock(text)
    if (inner !== undefined && outer.some((block) => contains(block, inner))) return []
    const message = 'This block lies in none of the CIDR blocks that the caller is bound to.'
    return [{ dimension: 'networks', path: `networks[${i}]`, message }]
  })
}

function validBlock(text: string): Block[] {
  const block = parseBlock(text)
  return block.ok ? [block.value] : []
}

function expiryBeyond(expiresAt: number | undefined, limit: number | undefined): Excess[] {
  if (limit === undefined) return []
  // Written so that what is no number, on either side, is an excess.
  if (expiresAt !== undefined && expiresAt <= limit && Number.isFinite(limit)) return []
  return [{ dimension: 'expiry', path: 'expiresAt', message: 'The token would outlive the caller.' }]
}
