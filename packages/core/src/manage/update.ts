import { isDeepStrictEqual } from 'node:util'
import { RequestError } from '../errors.js'
import { publish } from '../events.js'
import type { TokenPatch } from '../store/token-store.js'
import { publicView } from '../token/record.js'
import type { ApiToken, TokenRecord } from '../types.js'
import { type MaybeActor, powerOf } from './caller.js'
import { checkInput } from './check-input.js'
import { attenuate, type ManageContext, readFor, withRetries, writePatch } from './context.js'
import type { CheckedUpdate, UpdateInput } from './inputs.js'

/** The members whose change counts as a modification; being enabled or disabled does not. */
const MODIFYING = ['name', 'scopes', 'networks', 'metadata'] as const

/**
 * Changes a token: what is absent stays. Judged by what it adds; enabling a disabled token hands out all of it.
 * Throws `RequestError`: `ERR_INVALID_INPUT`, `ERR_NOT_FOUND`, `ERR_OWN_TOKEN`, `ERR_NOT_ALLOWED`, `ERR_RACE`.
 */
export async function updateToken(
  context: ManageContext,
  id: string,
  input: UpdateInput,
  actor: MaybeActor,
): Promise<ApiToken> {
  const checked = checkInput(context.schemas.update, input)
  const store = await context.store()
  return withRetries(async () => {
    const record = await readFor(context, actor, store, id)
    if (checked.enabled === false && id === actor?.tokenId) {
      throw new RequestError('ERR_OWN_TOKEN', 'The token that authenticates the call cannot be disabled.')
    }
    const patch = changes(record, checked, context.now())
    const changed = powerOf({ ...record, ...pickPower(patch) }, context.environment)
    const enabling = patch.enabled === true
    attenuate(actor, changed, enabling ? 'handOut' : { before: powerOf(record, context.environment) })
    if (Object.keys(patch).length === 0) return publicView(record, context.now())
    const written = await writePatch(context, store, record, patch)
    const by = actor?.tokenId
    publish('updated', { environment: context.environment, id, ...(by !== undefined && { by }) })
    return publicView(written, context.now())
  })
}

/** The members that really change, with the time of modification where they call for it. */
function changes(record: TokenRecord, checked: CheckedUpdate, now: number): TokenPatch {
  const { name, enabled, scopes, networks, metadata } = checked
  const patch: TokenPatch = {
    ...(name !== undefined && name !== record.name && { name }),
    ...(enabled !== undefined && enabled !== record.enabled && { enabled }),
    ...(scopes !== undefined && !isDeepStrictEqual(scopes, record.scopes) && { scopes: [...scopes] }),
    ...(networks !== undefined && !isDeepStrictEqual(networks, record.networks) && { networks: [...networks] }),
    ...(metadata !== undefined &&
      !isDeepStrictEqual(metadata, record.metadata) && { metadata: structuredClone(metadata) }),
  }
  if (MODIFYING.some((member) => member in patch)) patch.modifiedAt = now
  return patch
}

function pickPower({ scopes, networks }: TokenPatch): { scopes?: string[]; networks?: string[] } {
  return { ...(scopes !== undefined && { scopes }), ...(networks !== undefined && { networks }) }
}
