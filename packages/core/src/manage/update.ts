import { isDeepStrictEqual } from 'node:util'
import { compact } from '../compact.js'
import { RequestError } from '../errors.js'
import { publish } from '../events.js'
import type { TokenPatch } from '../store/token-store.js'
import { publicView } from '../token/record.js'
import type { ApiToken, TokenRecord } from '../types.js'
import { type ActorOrHost, assertNoEscalation, grantOf } from './actor.js'
import type { ManageContext } from './context.js'
import type { CheckedUpdate } from './inputs.js'
import { readRecord, retryRaces, writePatch } from './records.js'

/** The members whose change counts as a modification. `enabled` does not. */
const MODIFYING = ['name', 'scopes', 'networks', 'metadata'] as const

/**
 * Changes a token: what is absent stays. The caller is checked against what the change adds; enabling a disabled token
 * is checked as issuing all of it. Throws `ERR_NOT_FOUND`, `ERR_OWN_TOKEN`, `ERR_NOT_ALLOWED`, `ERR_RACE`.
 */
export async function updateToken(
  context: ManageContext,
  id: string,
  input: CheckedUpdate,
  actor: ActorOrHost,
): Promise<ApiToken> {
  const { environment, now } = context
  const store = await context.store()
  return retryRaces(async () => {
    const record = await readRecord(context, store, id, actor)
    if (input.enabled === false && id === actor?.tokenId) {
      throw new RequestError('ERR_OWN_TOKEN', 'The token that authenticates the call cannot be disabled.')
    }
    const patch = changedMembers(record, input, now())
    const before = grantOf(record, environment)
    const after = grantOf({ ...record, ...input }, environment)
    assertNoEscalation(actor, after, patch.enabled === true ? 'reissue' : { before })
    if (Object.keys(patch).length === 0) return publicView(record, now())
    const written = await writePatch(context, store, record, patch)
    publish('updated', compact({ environment, id, by: actor?.tokenId }))
    return publicView(written, now())
  })
}

/** The members that really change, and the time of modification if one of them counts as one. */
function changedMembers(record: TokenRecord, input: CheckedUpdate, now: number): TokenPatch {
  const changed = Object.entries(input).filter(
    ([member, value]) => !isDeepStrictEqual(value, record[member as keyof CheckedUpdate]),
  )
  const patch: TokenPatch = Object.fromEntries(changed)
  if (MODIFYING.some((member) => member in patch)) patch.modifiedAt = now
  return patch
}
