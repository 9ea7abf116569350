import { isDeepStrictEqual } from 'node:util'
import { shown, type Violation } from '../errors.js'
import { type Block, contains, parseBlock } from './cidr.js'
import { compileResources, parseResource } from './resources.js'
import { compileScopes, type ScopeSet } from './scopes.js'

/** What a token grants, and the data by which its host may authorize. */
export interface Grant {
  readonly owner: string
  readonly personal: boolean
  readonly scopes: readonly string[]
  /** CIDR blocks; empty means every address. */
  readonly networks: readonly string[]
  /** `type:id` or `type:*`; empty means every resource. */
  readonly resources: readonly string[]
  /** Epoch milliseconds; absent means never. */
  readonly expiresAt?: number | undefined
  readonly environment: string
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

/** What the caller of a management operation has been granted. */
export interface CallerGrant {
  readonly owner: string
  readonly personal: boolean
  /** The caller has a scope if every set covers it: its own scopes and, if it is personal, its owner's. */
  readonly scopeSets: readonly [ScopeSet, ...ScopeSet[]]
  readonly networks: readonly string[]
  readonly resources: readonly string[]
  readonly expiresAt?: number | undefined
  readonly environment: string
  /** Whether the caller may act for other owners and set metadata. */
  readonly admin: boolean
}

/**
 * What is done to the token.
 *
 * - `create`: the token is new.
 * - `reissue`: an existing token becomes usable with a new secret, or again (rotate, cancel, enable).
 * - `change`: an existing token is changed.
 *
 * `before`: what the existing token granted. Owner, personal and environment never change.
 */
export type Action =
  | { readonly kind: 'create' }
  | { readonly kind: 'reissue'; readonly before: Grant }
  | { readonly kind: 'change'; readonly before: Grant }

/**
 * In which respect a token would exceed its caller. docs/first-token-and-roles.md says for each dimension what a caller
 * may do, and the property test follows that page. A new dimension is added to `permissions`, and, if it limits where a
 * token may be used, to policy/evaluate.ts.
 */
export type Dimension =
  | 'scopes'
  | 'networks'
  | 'resources'
  | 'expiry'
  | 'owner'
  | 'personal'
  | 'environment'
  | 'metadata'

/** One way in which a token would grant more than its caller has: a violation, and its dimension. */
export interface Escalation extends Violation {
  readonly dimension: Dimension
}

/**
 * Everything in which `child` would grant more than `caller` has. Empty means allowed.
 *
 * A created or reissued token is checked whole. A change is checked by what it adds to the token's permissions: every
 * combination of scope, address, resource and time that was not there before. An added scope counts from all of the
 * token's networks, for all of its resources and until its expiry; an added network or resource, or a later expiry,
 * counts for all of its scopes. So a token that grants more than the caller has may be narrowed, and no permission can
 * be moved into a token that outlives or outreaches the caller. A change that adds something to another owner's token
 * is an escalation in the dimension of the owner too.
 *
 * Metadata is checked by itself: whatever it says, only the admin right may set or change it.
 *
 * Not checked: whether scopes, blocks and resources are well-formed. A malformed block or resource lies inside no
 * other.
 */
export function findEscalations(child: Grant, caller: CallerGrant, action: Action): Escalation[] {
  const found = action.kind === 'change' ? additions(child, caller, action.before) : permissions(child, caller)
  const grantsAnew = action.kind !== 'change' || addsPermissions(child, action.before)
  return [
    ...(grantsAnew ? ownershipEscalations(child, caller) : []),
    ...found,
    ...metadataEscalations(child, caller, action),
  ]
}

function ownershipEscalations(child: Grant, caller: CallerGrant): Escalation[] {
  const found: Escalation[] = []
  if (child.owner !== caller.owner && (caller.personal || !caller.admin)) {
    found.push({ dimension: 'owner', path: 'owner', message: 'The caller may not act for another owner.' })
  }
  if (caller.personal && !child.personal) {
    const message = 'A personal caller may manage personal tokens only.'
    found.push({ dimension: 'personal', path: 'personal', message })
  }
  if (child.environment !== caller.environment) {
    const message = 'The token and the caller belong to different environments.'
    found.push({ dimension: 'environment', path: 'environment', message })
  }
  return found
}

function metadataEscalations(child: Grant, caller: CallerGrant, action: Action): Escalation[] {
  const before = action.kind === 'create' ? undefined : action.before.metadata
  if (caller.admin || isDeepStrictEqual(child.metadata, before)) return []
  return [{ dimension: 'metadata', path: 'metadata', message: 'Only a caller with the admin right may set metadata.' }]
}

/** What may be done, from where, to what, until when. */
type Permissions = Pick<CallerGrant, 'scopeSets' | 'networks' | 'resources' | 'expiresAt'>

function permissions(child: Grant, limit: Permissions): Escalation[] {
  return [
    ...scopeEscalations(child.scopes, limit.scopeSets),
    ...networkEscalations(child.networks, limit.networks),
    ...resourceEscalations(child.resources, limit.resources),
    ...expiryEscalations(child.expiresAt, limit.expiresAt),
  ]
}

/**
 * The escalations of a changed token that the change is to blame for. One counts if the change added its own item, or
 * anything in another dimension: a scope that the caller lacks reaches further once a network is added.
 */
function additions(child: Grant, caller: CallerGrant, before: Grant): Escalation[] {
  const added = addedPermissions(child, before)
  return permissions(child, caller).filter(({ dimension, path }) =>
    added.some((addition) => addition.path === path || addition.dimension !== dimension),
  )
}

function addedPermissions(child: Grant, before: Grant): Escalation[] {
  return permissions(child, { ...before, scopeSets: [compileScopes(before.scopes)] })
}

function addsPermissions(child: Grant, before: Grant): boolean {
  return addedPermissions(child, before).length > 0
}

function scopeEscalations(scopes: readonly string[], limits: Permissions['scopeSets']): Escalation[] {
  return scopes.flatMap((scope, i) => {
    if (limits.every((limit) => limit.covers(scope))) return []
    const message = `The caller does not have the scope ${shown(scope)} itself.`
    return [{ dimension: 'scopes', path: `scopes[${i}]`, message }]
  })
}

function networkEscalations(networks: readonly string[], limit: readonly string[]): Escalation[] {
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

function resourceEscalations(resources: readonly string[], limit: readonly string[]): Escalation[] {
  if (limit.length === 0) return []
  if (resources.length === 0) {
    const message = 'The caller is bound to resources, so the token must be too.'
    return [{ dimension: 'resources', path: 'resources', message }]
  }
  const { covers } = compileResources(limit)
  return resources.flatMap((resource, i) => {
    if (parseResource(resource).ok && covers(resource)) return []
    const message = `The caller is not bound to the resource ${shown(resource)}, nor to all of its type.`
    return [{ dimension: 'resources', path: `resources[${i}]`, message }]
  })
}

function expiryEscalations(expiresAt: number | undefined, limit: number | undefined): Escalation[] {
  if (limit === undefined) return []
  // Written so that a value that is not a number, on either side, is an escalation.
  if (expiresAt !== undefined && expiresAt <= limit && Number.isFinite(limit)) return []
  return [{ dimension: 'expiry', path: 'expiresAt', message: 'The token would outlive the caller.' }]
}
