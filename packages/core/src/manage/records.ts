import { compact } from '../compact.js'
import { isConflict, RequestError } from '../errors.js'
import { publish } from '../events.js'
import type { EnvironmentStore, TokenPatch } from '../store/token-store.js'
import { isTokenId } from '../token/id.js'
import type { TokenRecord } from '../types.js'
import type { Trail } from './audit.js'
import type { PrincipalOrHost } from './caller.js'
import type { ManageContext } from './context.js'
import { maySee, notFound } from './visibility.js'

/** How often a write that loses a race is tried before it rejects with `ERR_RACE`. */
const MAX_ATTEMPTS = 3

/** The record, if it exists for this caller. Names it in the audit. Throws `ERR_NOT_FOUND`. */
export async function readRecord(
  store: EnvironmentStore,
  id: string,
  principal: PrincipalOrHost,
  trail: Trail,
): Promise<TokenRecord> {
  const record = await findRecord(store, id, principal, trail)
  if (record === undefined) throw notFound()
  return record
}

/** As `readRecord`, but resolves to `undefined` for a record that does not exist for this caller. */
export async function findRecord(
  store: EnvironmentStore,
  id: string,
  principal: PrincipalOrHost,
  trail: Trail,
): Promise<TokenRecord | undefined> {
  if (!isTokenId(id)) return undefined
  const record = await store.find(id)
  trail.concerns(record === undefined ? { id } : { id, owner: record.owner, name: record.name })
  return record !== undefined && maySee(principal, record) ? record : undefined
}

/**
 * Writes a patch if the record is still at the version that was checked. Before it returns, this node forgets what it
 * knew of the token. Throws `ERR_RACE` if somebody else changed the token first, `ERR_NOT_FOUND` if it is gone.
 */
export async function writePatch(
  context: ManageContext,
  store: EnvironmentStore,
  record: TokenRecord,
  patch: TokenPatch,
): Promise<TokenRecord> {
  const written = await guardWrite(context, record.id, () => store.update(record.id, patch, record.version))
  if (written === undefined) throw notFound()
  return written
}

/**
 * Removes a token, if given a version only at that one, and publishes that. Resolves to whether it was there. Throws
 * `ERR_RACE`.
 */
export async function removeRecord(
  context: ManageContext,
  store: EnvironmentStore,
  id: string,
  principal: PrincipalOrHost,
  version?: number,
): Promise<boolean> {
  const removed = await guardWrite(context, id, () => store.remove(id, version))
  if (removed) publish('deleted', compact({ environment: context.environment, id, by: principal?.token?.id }))
  return removed
}

async function guardWrite<T>({ loader }: ManageContext, id: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw isConflict(error) ? new RequestError('ERR_RACE', 'The token was changed meanwhile.') : error
  } finally {
    // After a failure too, whose outcome may be unknown.
    loader.invalidate([id])
  }
}

/** Runs a checked write, again from its beginning while it loses races. */
export async function retryRaces<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt()
    } catch (error) {
      const lost = error instanceof RequestError && error.code === 'ERR_RACE'
      if (!lost || attempts === MAX_ATTEMPTS) throw error
    }
  }
}
