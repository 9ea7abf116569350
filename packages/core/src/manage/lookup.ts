import { publicView } from '../token/record.js'
import type { ApiToken } from '../types.js'
import type { PrincipalOrHost } from './caller.js'
import type { ManageContext } from './context.js'
import { readRecord } from './records.js'
import { maySee, notFound } from './visibility.js'

/** A token's metadata by its id. Throws `ERR_NOT_FOUND`. */
export async function getToken(context: ManageContext, id: string, principal: PrincipalOrHost): Promise<ApiToken> {
  return context.audit.run('get', principal, async (trail) => {
    const record = await readRecord(await context.store(), id, principal, trail)
    return publicView(record, context.now())
  })
}

/**
 * A token's metadata by the whole token, disabled and expired ones too. The secret must be right. Counts no use.
 * Throws `ERR_NOT_FOUND` for everything else.
 */
export async function lookupToken(
  context: ManageContext,
  presented: unknown,
  principal: PrincipalOrHost,
): Promise<ApiToken> {
  return context.audit.run('lookup', principal, async (trail) => {
    const found = await context.verifier.identify(presented, principal?.ip)
    if (found === undefined || !maySee(principal, found.entry.token)) throw notFound()
    const { id, owner, name } = found.entry.token
    trail.concerns({ id, owner, name })
    return found.entry.token
  })
}
