import { isConflict } from '../errors.js'
import { countTokens } from '../store/count.js'
import { publicPartOf } from '../token/format.js'
import type { PrincipalOrHost } from './caller.js'
import type { ManageContext } from './context.js'
import { createToken, type IssuedToken } from './create.js'
import type { CheckedCreate } from './inputs.js'

/**
 * Makes a token if there is none, and resolves to `undefined` if there are some. Of several nodes that do so at the same
 * moment, one makes it: the id follows from the data set, and a store keeps an id once.
 */
export async function createFirstToken(
  context: ManageContext,
  input: CheckedCreate & { readonly owner: string },
  principal: PrincipalOrHost,
): Promise<IssuedToken | undefined> {
  const store = await context.store()
  if ((await countTokens(store)) > 0) return undefined
  try {
    return await createToken(
      context,
      input,
      principal,
      publicPartOf(store.sealingKey, 'first token', context.environment),
    )
  } catch (error) {
    if (isConflict(error)) return undefined
    throw error
  }
}
