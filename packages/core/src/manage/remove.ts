import { RequestError, StoreError } from '../errors.js'
import { isTokenId } from '../token/id.js'
import type { Trail } from './audit.js'
import { assertSelfOrCurrent } from './authority.js'
import type { PrincipalOrHost } from './caller.js'
import type { ManageContext } from './context.js'
import { readRecord, removeRecord, retryRaces } from './records.js'
import { retirePrevious } from './rotate.js'
import { maySee, notFound } from './visibility.js'

/**
 * Deletes a token for good, named by its id or by the whole token. A caller cannot delete the token that authenticates
 * the call, unless it names it as `self`. Throws `ERR_NOT_FOUND`, `ERR_OWN_TOKEN`, `ERR_RACE`.
 */
export async function deleteToken(
  context: ManageContext,
  idOrToken: string,
  principal: PrincipalOrHost,
  isSelf = false,
): Promise<void> {
  const kept = isSelf ? undefined : principal?.token?.id
  await context.audit.run('delete', principal, async (trail) => {
    const end = isTokenId(idOrToken) ? deleteById : endBySecret
    const removed = await end(context, idOrToken, principal, kept, trail)
    if (!removed) throw notFound()
  })
}

/**
 * Ends the secret that is presented: the current secret with its token, the outgoing one of a rotation alone. Anything
 * else is left alone without an error. Resolves to whether a secret was ended. Source: RFC 7009.
 */
export async function revokeToken(
  context: ManageContext,
  presented: unknown,
  principal: PrincipalOrHost,
): Promise<boolean> {
  return context.audit.run('revoke', principal, (trail) => endBySecret(context, presented, principal, undefined, trail))
}

/** `kept`: the id of a token that may not be deleted. */
async function deleteById(
  context: ManageContext,
  id: string,
  principal: PrincipalOrHost,
  kept: string | undefined,
  trail: Trail,
): Promise<boolean> {
  const store = await context.store()
  let unread: StoreError | undefined
  try {
    await readRecord(store, id, principal, trail)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    unread = error
    trail.concerns({ id })
  }
  // A damaged record can be deleted, but not by a personal caller: nobody can tell whether it is the caller's own.
  const check = (caller: PrincipalOrHost) => {
    if (unread !== undefined && caller?.grant.personal === true) throw unread
  }
  check(principal)
  if (id === kept) throw ownToken()
  check(await trail.beforeWrite())
  return removeRecord(context, store, id, principal)
}

async function endBySecret(
  context: ManageContext,
  presented: unknown,
  principal: PrincipalOrHost,
  kept: string | undefined,
  trail: Trail,
): Promise<boolean> {
  return retryRaces(async () => {
    const found = await context.verifier.identify(presented, principal?.ip)
    if (found === undefined || !maySee(principal, found.entry.token)) {
      assertSelfOrCurrent(principal, undefined)
      return false
    }
    const { entry, secret } = found
    const { id, owner, name } = entry.token
    trail.concerns({ id, owner, name })
    assertSelfOrCurrent(principal, { id, gen: secret.gen })
    if (secret !== entry.secrets[0]) return retirePrevious(context, id, secret.gen, principal, trail)
    if (id === kept) throw ownToken()
    await trail.beforeWrite()
    // Only at the version whose secret was checked: a rotation in between retires the presented secret.
    return removeRecord(context, await context.store(), id, principal, entry.version)
  })
}

function ownToken(): RequestError {
  return new RequestError(
    'ERR_OWN_TOKEN',
    'The token that authenticates the call cannot be deleted by its id. Name it as self.',
  )
}
