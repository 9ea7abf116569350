import { UnavailableError } from '../errors.js'
import type { ScopeSet } from '../policy/scopes.js'
import { beforeDeadline, deadlineIn } from '../store/deadline.js'
import type { TokenRecord } from '../types.js'
import type { Compiler } from './compiler.js'

/**
 * The host's answer to what the owner of a personal token may do now: a list of scopes, wildcards allowed, or
 * `undefined` for an owner who is unknown.
 */
export type OwnerScopes = (owner: string) => Promise<readonly string[] | undefined>

export interface OwnerScopesOptions {
  readonly ownerScopes: OwnerScopes | undefined
  /** How long it may take, in ms. */
  readonly hostTimeout: number
}

/**
 * What the owner of this record may do, compiled: `unknown` if the host does not know the owner, `undefined` if the
 * record is not bound to its owner. Rejects with `UnavailableError` (`ERR_OWNER_SCOPES`) if the host's function
 * rejects, takes too long, or resolves to anything but strings.
 */
export async function compileOwnerScopes(
  { personal, owner }: TokenRecord,
  { ownerScopes, hostTimeout }: OwnerScopesOptions,
  compiler: Compiler,
): Promise<ScopeSet | 'unknown' | undefined> {
  if (!personal || ownerScopes === undefined) return undefined
  const scopes = await ask(ownerScopes, owner, hostTimeout)
  if (scopes === undefined) return 'unknown'
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) {
    throw new UnavailableError('ERR_OWNER_SCOPES', 'ownerScopes must resolve to a list of scopes or undefined')
  }
  return compiler.scopes(scopes).compiled
}

async function ask(
  ownerScopes: OwnerScopes,
  owner: string,
  hostTimeout: number,
): Promise<readonly string[] | undefined> {
  try {
    return await beforeDeadline(deadlineIn(hostTimeout), async () => ownerScopes(owner))
  } catch (cause) {
    throw new UnavailableError('ERR_OWNER_SCOPES', 'The scopes of the token owner could not be determined', { cause })
  }
}
