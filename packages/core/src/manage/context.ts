import { isConflict, RequestError } from '../errors.js'
import { type Deed, exceeds, type Power } from '../policy/attenuation.js'
import type { Prover } from '../secret/prover.js'
import { digestOf, tagOf } from '../secret/tag.js'
import type { EnvironmentStore, TokenPatch } from '../store/token-store.js'
import type { ParsedToken, TokenFormat } from '../token/format.js'
import type { StoredSecret, TokenRecord } from '../types.js'
import type { Loader } from '../verify/loader.js'
import type { Verifier } from '../verify/verifier.js'
import { type MaybeActor, maySee } from './caller.js'
import type { InputSchemas } from './schemas.js'

/** What every use case works with. */
export interface ManageContext {
  readonly environment: string
  readonly store: () => Promise<EnvironmentStore>
  readonly format: TokenFormat
  readonly prover: Prover
  readonly loader: Loader
  readonly verifier: Verifier
  readonly schemas: InputSchemas
  readonly now: () => number
  /** The longest time from now to a token's expiry, in ms. */
  readonly maxLifetime: number | undefined
}

/** An update is judged again on a newer record so often, before its caller is told of the race. */
const MOST_ATTEMPTS = 3

/** The record, if there is one for this caller; else a `RequestError`. */
export async function readFor(
  { format }: ManageContext,
  actor: MaybeActor,
  store: EnvironmentStore,
  id: string,
): Promise<TokenRecord> {
  const record = format.isId(id) ? await store.find(id) : undefined
  if (record === undefined || !maySee(actor, record)) throw notFound()
  return record
}

/** Refuses, with every excess named, what would be more than the caller. */
export function attenuate(actor: MaybeActor, child: Power, deed: Deed): void {
  if (actor === undefined) return
  const excess = exceeds(child, actor.power, deed)
  if (excess.length === 0) return
  const violations = excess.map(({ path, message }) => ({ path, message }))
  throw new RequestError('ERR_NOT_ALLOWED', 'The token would be more than its caller.', violations)
}

/**
 * Writes a patch at the judged version and forgets what this node knew of the token, before it returns.
 * Throws `ERR_RACE` if somebody else was faster, `ERR_NOT_FOUND` if the token is gone.
 */
export async function writePatch(
  { loader }: ManageContext,
  store: EnvironmentStore,
  record: TokenRecord,
  patch: TokenPatch,
): Promise<TokenRecord> {
  try {
    const written = await store.update(record.id, patch, record.version)
    if (written === undefined) throw notFound()
    return written
  } catch (error) {
    throw isConflict(error) ? new RequestError('ERR_RACE', 'The token was changed meanwhile.') : error
  } finally {
    // Also after a failure, whose outcome may be unknown.
    loader.invalidate([record.id])
  }
}

/** Runs a judged write, again from its beginning while it loses races. */
export async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt()
    } catch (error) {
      const lost = error instanceof RequestError && error.code === 'ERR_RACE'
      if (!lost || attempts === MOST_ATTEMPTS) throw error
    }
  }
}

/**
 * What a record keeps of a new secret. `judge` throws if this caller may not have one. It is asked before the hash and
 * behind it, for hashing may have waited long.
 */
export async function storedSecret(
  { prover }: ManageContext,
  issued: ParsedToken & { readonly token: string },
  gen: number,
  actor: MaybeActor,
  judge: (actor: MaybeActor) => void,
): Promise<StoredSecret> {
  judge(actor)
  const hash = await prover.hash(issued.secret)
  judge(actor?.again === undefined ? actor : await actor.again())
  return { gen, hash, tag: tagOf(digestOf(issued.token)) }
}

export function notFound(): RequestError {
  return new RequestError('ERR_NOT_FOUND', 'There is no such token.')
}
