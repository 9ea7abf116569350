import type { ParsedToken } from '../token/format.js'
import { digestOf, tagOf } from '../token/format.js'
import type { StoredSecret } from '../types.js'
import { currentCaller, type PrincipalOrHost } from './caller.js'
import type { ManageContext } from './context.js'

/**
 * Hashes a new secret for its record. `check` throws if this caller may not have the secret. It is called before
 * anything waits, and again when a slow hash has its turn. The hash itself takes long too, so the caller must be judged
 * once more afterwards.
 */
export async function issueSecret(
  { prover }: ManageContext,
  issued: ParsedToken,
  gen: number,
  principal: PrincipalOrHost,
  check: (caller: PrincipalOrHost) => void,
): Promise<StoredSecret> {
  check(principal)
  const recheck = async () => check(await currentCaller(principal))
  const hash = await prover.hash(issued.secret, recheck, principal?.grant.owner)
  return { gen, hash, tag: tagOf(digestOf(issued.token)) }
}
