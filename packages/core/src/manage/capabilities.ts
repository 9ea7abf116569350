import { compact } from '../compact.js'
import { lackingScopes, type Principal } from './caller.js'
import type { ManageContext } from './context.js'

/** What a caller is, and what it may do and grant. Times are epoch milliseconds. */
export interface Capabilities {
  readonly owner: string
  readonly personal: boolean
  /** Which management scopes it has and may use now. */
  readonly may: { readonly read: boolean; readonly write: boolean; readonly admin: boolean }
  /** The scopes that it may grant. Where the host declares none: those that it holds itself. */
  readonly scopes: readonly { readonly scope: string; readonly description: string }[]
  /** What binds it, and so what it creates. Empty: nothing. */
  readonly networks: readonly string[]
  readonly resources: readonly string[]
  readonly expiresAt?: number
  /** The limits of the host, in milliseconds. */
  readonly maxLifetime?: number
  readonly maxOverlap: number
}

/** Tells a caller what it may do, so that a client need not try. The answers to what it tries decide. */
export async function capabilitiesOf(context: ManageContext, principal: Principal): Promise<Capabilities> {
  const { describedScopes, managementScopes, maxLifetime, maxOverlap } = context
  return context.audit.run('capabilities', principal, async () => {
    const { grant, token, scopes: held } = principal
    const has = (scope: string) => lackingScopes(principal, [scope]).length === 0
    // The outgoing secret of a rotation may only read.
    const isCurrent = token?.isOutgoing !== true
    const write = isCurrent && has(managementScopes.write)
    const scopes = describedScopes ?? new Map(held.map((scope) => [scope, '']))
    return {
      owner: grant.owner,
      personal: grant.personal,
      may: { read: has(managementScopes.read), write, admin: isCurrent && grant.admin },
      scopes: [...scopes].flatMap(([scope, description]) => (write && has(scope) ? [{ scope, description }] : [])),
      networks: grant.networks,
      resources: grant.resources,
      ...compact({ expiresAt: grant.expiresAt, maxLifetime }),
      maxOverlap,
    }
  })
}
