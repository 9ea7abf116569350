import { publish } from '../events.js'
import { publicView } from '../token/record.js'
import type { ApiToken, TokenRecord } from '../types.js'
import { type MaybeActor, powerOf } from './caller.js'
import { checkInput } from './check-input.js'
import { attenuate, type ManageContext, storedSecret } from './context.js'
import type { CreateInput } from './inputs.js'
import { latestExpiry } from './schemas.js'

/** A new secret, shown this once: Latchkey keeps no copy of it. */
export interface IssuedToken {
  /** May be shown and logged. */
  readonly id: string
  /** The whole token, for its holder alone. */
  readonly token: string
  /** Its metadata. */
  readonly apiToken: ApiToken
}

/**
 * Makes a token. Judged against the caller, if there is one. Throws `RequestError`: `ERR_INVALID_INPUT` with every
 * violation, or `ERR_NOT_ALLOWED`.
 */
export async function createToken(context: ManageContext, input: CreateInput, actor: MaybeActor): Promise<IssuedToken> {
  const { environment, schemas, now } = context
  const checked =
    actor === undefined
      ? checkInput(schemas.createOwned, input)
      : { owner: actor.power.owner, ...checkInput(schemas.create, input) }
  const { owner } = checked
  const expiresAt = checked.expiresAt ?? latestExpiry(context)
  const draft: Omit<TokenRecord, 'id' | 'secrets'> = {
    name: checked.name,
    owner,
    personal: checked.personal ?? actor?.power.personal ?? false,
    enabled: checked.enabled ?? true,
    scopes: [...checked.scopes],
    networks: [...(checked.networks ?? [])],
    ...(checked.metadata !== undefined && { metadata: structuredClone(checked.metadata) }),
    version: 1,
    createdAt: now(),
    ...(expiresAt !== undefined && { expiresAt }),
    retired: [],
  }
  const store = await context.store()
  const issued = context.format.generate()
  const record: TokenRecord = { ...draft, id: issued.id, secrets: [] }
  const judge = (caller: MaybeActor) => attenuate(caller, powerOf(record, environment), 'create')
  record.secrets.push(await storedSecret(context, issued, 1, actor, judge))
  await store.insert(record)
  context.loader.invalidate([record.id])
  publish('created', { environment, id: record.id, owner, ...(actor?.tokenId !== undefined && { by: actor.tokenId }) })
  return { id: record.id, token: issued.token, apiToken: publicView(record, now()) }
}
