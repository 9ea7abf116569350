import { publicView } from '../token/record.js'
import type { ApiToken } from '../types.js'
import { type ActorOrHost, maySee } from './actor.js'
import type { ManageContext } from './context.js'
import { notFound, readRecord } from './records.js'

/** A token's metadata by its id. Throws `ERR_NOT_FOUND`. */
export async function getToken(context: ManageContext, id: string, actor: ActorOrHost): Promise<ApiToken> {
  const record = await readRecord(context, await context.store(), id, actor)
  return publicView(record, context.now())
}

/**
 * A token's metadata by the whole token, disabled and expired ones too. The secret must be right. Counts no use.
 * Throws `ERR_NOT_FOUND` for everything else.
 */
export async function lookupToken(context: ManageContext, presented: unknown, actor: ActorOrHost): Promise<ApiToken> {
  const entry = await context.verifier.identify(presented)
  if (entry === undefined || !maySee(actor, entry.token)) throw notFound()
  return entry.token
}
