import { isConflict, RequestError } from '../errors.js'
import { publish } from '../events.js'
import { type MaybeActor, maySee } from './caller.js'
import { type ManageContext, notFound, readFor, withRetries } from './context.js'

/**
 * Deletes a token for good, named by its id or by the whole token. A caller cannot delete the token that authenticates
 * it, unless it says so (`self`).
 * Throws `RequestError`: `ERR_NOT_FOUND`, `ERR_OWN_TOKEN`, `ERR_RACE`.
 */
export async function deleteToken(
  context: ManageContext,
  idOrToken: string,
  actor: MaybeActor,
  self = false,
): Promise<void> {
  if (!context.format.isId(idOrToken)) {
    const own = context.format.idOf(idOrToken) === actor?.tokenId && actor !== undefined
    const outcome = await removeByToken(context, idOrToken, actor, own && !self)
    if (outcome === 'unknown') throw notFound()
    return
  }
  const store = await context.store()
  const record = await readFor(context, actor, store, idOrToken)
  if (!self && record.id === actor?.tokenId) throw ownToken()
  const removed = await store.remove(record.id).finally(() => context.loader.invalidate([record.id]))
  if (!removed) throw notFound()
  announce(context, record.id, actor)
}

/**
 * Deletes the token whose secret is presented; anything else is left alone without a word.
 * Resolves to whether a token was deleted. Source: RFC 7009.
 */
export async function revokeToken(context: ManageContext, presented: unknown, actor: MaybeActor): Promise<boolean> {
  return (await removeByToken(context, presented, actor, false)) === 'removed'
}

async function removeByToken(
  context: ManageContext,
  presented: unknown,
  actor: MaybeActor,
  refuseOwn: boolean,
): Promise<'removed' | 'unknown'> {
  return withRetries(async () => {
    const entry = await context.verifier.identify(presented)
    if (entry === undefined || !maySee(actor, entry.token)) return 'unknown'
    if (refuseOwn) throw ownToken()
    const { version } = entry
    const { id } = entry.token
    const store = await context.store()
    try {
      // At the version whose secret was proven: a rotation in between makes the presented secret a dead one.
      if (!(await store.remove(id, version))) return 'unknown'
    } catch (error) {
      throw isConflict(error) ? new RequestError('ERR_RACE', 'The token was changed meanwhile.') : error
    } finally {
      context.loader.invalidate([id])
    }
    announce(context, id, actor)
    return 'removed'
  })
}

function announce({ environment }: ManageContext, id: string, actor: MaybeActor): void {
  publish('deleted', { environment, id, ...(actor?.tokenId !== undefined && { by: actor.tokenId }) })
}

function ownToken(): RequestError {
  return new RequestError('ERR_OWN_TOKEN', 'The token that authenticates the call cannot be deleted by its id.')
}
