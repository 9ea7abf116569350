import { digestOf, tagOf } from '../secret/digest.js'
import type { ParsedToken } from '../token/format.js'
import type { StoredSecret } from '../types.js'
import type { ManageContext } from './context.js'

/** Hashes a new secret for its record. That takes long, so the caller must be judged again afterwards. */
export async function issueSecret({ prover }: ManageContext, issued: ParsedToken, gen: number): Promise<StoredSecret> {
  const hash = await prover.hash(issued.secret)
  return { gen, hash, tag: tagOf(digestOf(issued.token)) }
}
