import { digestOf, tagOf } from '../secret/digest.js'
import type { NewToken } from '../token/format.js'
import type { StoredSecret } from '../types.js'
import type { ActorOrHost } from './actor.js'
import type { ManageContext } from './context.js'

/**
 * Hashes a new secret for its record.
 *
 * `check` throws if this caller may not have the secret. It runs before and after hashing: the hash may have waited long,
 * and access may have been revoked meanwhile.
 */
export async function issueSecret(
  { prover }: ManageContext,
  issued: NewToken,
  gen: number,
  actor: ActorOrHost,
  check: (actor: ActorOrHost) => void,
): Promise<StoredSecret> {
  check(actor)
  const hash = await prover.hash(issued.secret)
  check(actor?.reauthorize === undefined ? actor : await actor.reauthorize())
  return { gen, hash, tag: tagOf(digestOf(issued.token)) }
}
