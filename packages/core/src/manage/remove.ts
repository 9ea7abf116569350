import { compact } from '../compact.js'
import { RequestError } from '../errors.js'
import { publish } from '../events.js'
import { type ActorOrHost, maySee } from './actor.js'
import type { ManageContext } from './context.js'
import { notFound, readRecord, removeRecord, retryRaces } from './records.js'

/**
 * Deletes a token for good, named by its id or by the whole token. A caller cannot delete the token that authenticates
 * the call, unless it names it as `self`. Throws `ERR_NOT_FOUND`, `ERR_OWN_TOKEN`, `ERR_RACE`.
 */
export async function deleteToken(
  context: ManageContext,
  idOrToken: string,
  actor: ActorOrHost,
  isSelf = false,
): Promise<void> {
  const { format } = context
  const id = format.isId(idOrToken) ? idOrToken : format.idOf(idOrToken)
  const refuseOwn = !isSelf && actor?.tokenId !== undefined && id === actor.tokenId
  const removed =
    id === idOrToken
      ? await deleteById(context, id, actor, refuseOwn)
      : await deleteBySecret(context, idOrToken, actor, refuseOwn)
  if (!removed) throw notFound()
}

/**
 * Deletes the token whose secret is presented. Anything else is left alone without an error.
 * Resolves to whether a token was deleted. Source: RFC 7009.
 */
export async function revokeToken(context: ManageContext, presented: unknown, actor: ActorOrHost): Promise<boolean> {
  return deleteBySecret(context, presented, actor, false)
}

async function deleteById(
  context: ManageContext,
  id: string,
  actor: ActorOrHost,
  refuseOwn: boolean,
): Promise<boolean> {
  const store = await context.store()
  await readRecord(context, store, id, actor)
  if (refuseOwn) throw ownToken()
  const removed = await removeRecord(context, store, id)
  if (removed) announce(context, id, actor)
  return removed
}

async function deleteBySecret(
  context: ManageContext,
  presented: unknown,
  actor: ActorOrHost,
  refuseOwn: boolean,
): Promise<boolean> {
  return retryRaces(async () => {
    const entry = await context.verifier.identify(presented)
    if (entry === undefined || !maySee(actor, entry.token)) return false
    if (refuseOwn) throw ownToken()
    const { id } = entry.token
    // Only at the version whose secret was proven: a rotation in between makes the presented secret a dead one.
    const removed = await removeRecord(context, await context.store(), id, entry.version)
    if (removed) announce(context, id, actor)
    return removed
  })
}

function announce({ environment }: ManageContext, id: string, actor: ActorOrHost): void {
  publish('deleted', compact({ environment, id, by: actor?.tokenId }))
}

function ownToken(): RequestError {
  return new RequestError('ERR_OWN_TOKEN', 'The token that authenticates the call cannot be deleted by its id.')
}
