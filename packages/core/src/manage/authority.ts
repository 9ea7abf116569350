import type { ManagementOperation } from '../audit-entry.js'
import { RequestError } from '../errors.js'
import { isExpired } from '../policy/evaluate.js'
import type { ManagementScopes } from '../types.js'
import { isInsideNetworks, lackingScopes, type Principal, type PrincipalOrHost } from './caller.js'

/** What a caller needs for an operation. The rest depends on the token: see `findEscalations`. */
interface Rule {
  /** A management scope, or `token`: any authenticated caller. */
  readonly needs: 'read' | 'write' | 'token'
  /** Whether it writes. */
  readonly writes: boolean
  /** Whether the outgoing secret of a rotation may do it. With `revoke` it can only end itself. */
  readonly outgoing: boolean
}

export const RULES: Readonly<Record<ManagementOperation, Rule>> = {
  list: { needs: 'read', writes: false, outgoing: true },
  get: { needs: 'read', writes: false, outgoing: true },
  lookup: { needs: 'token', writes: false, outgoing: true },
  create: { needs: 'write', writes: true, outgoing: false },
  update: { needs: 'write', writes: true, outgoing: false },
  delete: { needs: 'write', writes: true, outgoing: false },
  revoke: { needs: 'token', writes: true, outgoing: true },
  revokeAll: { needs: 'write', writes: true, outgoing: false },
  rotate: { needs: 'write', writes: true, outgoing: false },
  finish: { needs: 'write', writes: true, outgoing: true },
  cancel: { needs: 'write', writes: true, outgoing: false },
  explain: { needs: 'read', writes: false, outgoing: true },
  capabilities: { needs: 'token', writes: false, outgoing: true },
}

/** The management scopes that an operation needs. */
export function neededScopes(operation: ManagementOperation, scopes: ManagementScopes): readonly string[] {
  const { needs } = RULES[operation]
  return needs === 'token' ? [] : [scopes[needs]]
}

/**
 * Throws `ERR_NOT_ALLOWED` for the outgoing secret of a rotation where only a current one may act. It may finish the
 * rotation of its own token alone. `id`: of the token that it is done to.
 */
export function assertCurrentSecret({ token }: Principal, operation: ManagementOperation, id: string): void {
  if (!token?.isOutgoing) return
  const isOthers = operation === 'finish' && id !== 'self' && id !== token.id
  if (!RULES[operation].outgoing || isOthers) throw outgoingSecret()
}

/** Throws `ERR_NOT_ALLOWED` if the outgoing secret of a rotation presents another secret than itself. */
export function assertSelfOrCurrent(
  principal: PrincipalOrHost,
  presented: { readonly id: string; readonly gen: number } | undefined,
): void {
  const caller = principal?.token
  if (!caller?.isOutgoing) return
  if (presented?.id !== caller.id || presented.gen !== caller.gen) throw outgoingSecret()
}

function outgoingSecret(): RequestError {
  return new RequestError(
    'ERR_NOT_ALLOWED',
    'This secret is being rotated out. It may only read and finish the rotation; use the new secret.',
  )
}

/**
 * Throws `ERR_NOT_ALLOWED` unless a caller whom the host names may call this operation: its access has not ended, its
 * address is inside its networks, and it has the management scope. `fromAddress`: whether it is said where the call
 * comes from; if not, the networks are not checked.
 */
export function assertMayCall(
  { now, managementScopes }: { readonly now: () => number; readonly managementScopes: ManagementScopes },
  principal: Principal,
  operation: ManagementOperation,
  fromAddress: boolean,
): void {
  if (isExpired(principal.grant.expiresAt, now())) throw notAllowed("The caller's access has expired.")
  if (fromAddress && !isInsideNetworks(principal)) throw notAllowed('The caller may not call from this address.')
  const missing = lackingScopes(principal, neededScopes(operation, managementScopes))
  if (missing.length > 0) throw notAllowed(`The caller lacks the scope ${missing.join(', ')}.`)
}

function notAllowed(message: string): RequestError {
  return new RequestError('ERR_NOT_ALLOWED', message)
}
