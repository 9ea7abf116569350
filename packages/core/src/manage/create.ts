import { compact } from '../compact.js'
import { publish } from '../events.js'
import { publicView } from '../token/record.js'
import type { ApiToken, TokenRecord } from '../types.js'
import { type ActorOrHost, assertNoEscalation, grantOf } from './actor.js'
import type { ManageContext } from './context.js'
import type { CheckedCreate } from './inputs.js'
import { issueSecret } from './issue-secret.js'
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

/** Makes a token. Throws `ERR_NOT_ALLOWED` if it would grant more than the caller has. */
export async function createToken(
  context: ManageContext,
  input: CheckedCreate & { readonly owner: string },
  actor: ActorOrHost,
): Promise<IssuedToken> {
  const { environment, now } = context
  const issued = context.format.generate()
  const record: TokenRecord = compact({
    id: issued.id,
    name: input.name,
    owner: input.owner,
    personal: input.personal ?? actor?.grant.personal ?? false,
    enabled: input.enabled ?? true,
    scopes: input.scopes,
    networks: input.networks ?? [],
    metadata: input.metadata,
    version: 1,
    createdAt: now(),
    expiresAt: input.expiresAt ?? latestExpiry(context),
    secrets: [],
    retired: [],
  })
  const store = await context.store()
  const check = (caller: ActorOrHost) => assertNoEscalation(caller, grantOf(record, environment), 'create')
  record.secrets.push(await issueSecret(context, issued, 1, actor, check))
  await store.insert(record)
  context.loader.invalidate([record.id])
  publish('created', compact({ environment, id: record.id, owner: record.owner, by: actor?.tokenId }))
  return { id: record.id, token: issued.token, apiToken: publicView(record, now()) }
}
