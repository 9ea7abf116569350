import { compact } from '../compact.js'
import { counted } from '../counted.js'
import { isConflict, RequestError } from '../errors.js'
import { publish } from '../events.js'
import { countTokens } from '../store/filter.js'
import type { EnvironmentStore } from '../store/token-store.js'
import { publicPartOf } from '../token/format.js'
import { publicView } from '../token/record.js'
import type { ApiToken, TokenRecord } from '../types.js'
import { changesOf } from './audit.js'
import { assertNoEscalation, grantOf, type PrincipalOrHost } from './caller.js'
import type { ManageContext } from './context.js'
import type { CheckedCreate } from './inputs.js'
import { issueSecret } from './issue-secret.js'
import { latestExpiry } from './time-schemas.js'

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
 * Makes a token. Throws `ERR_NOT_ALLOWED` if it would grant more than the caller has, and if its owner has
 * `maxTokensPerOwner` tokens already. `publicPart`: of its id, instead of a random one; then `ERR_CONFLICT` if there is
 * a token with it.
 */
export async function createToken(
  context: ManageContext,
  input: CheckedCreate & { readonly owner: string },
  principal: PrincipalOrHost,
  publicPart?: string,
): Promise<IssuedToken> {
  const { audit, environment, now } = context
  return audit.run('create', principal, async (trail) => {
    const issued = context.format.generate(publicPart)
    const record: TokenRecord = compact({
      id: issued.id,
      name: input.name,
      owner: input.owner,
      personal: input.personal ?? principal?.grant.personal ?? false,
      enabled: input.enabled ?? true,
      scopes: input.scopes,
      networks: input.networks ?? [],
      resources: input.resources ?? [],
      metadata: input.metadata,
      version: 1,
      createdAt: now(),
      createdBy: principal?.actor ?? { kind: 'host' },
      expiresAt: input.expiresAt ?? latestExpiry(context),
      secrets: [],
      retired: [],
    })
    trail.concerns({ id: record.id, owner: record.owner, name: record.name })
    const check = (caller: PrincipalOrHost) =>
      assertNoEscalation(caller, grantOf(record, environment), { kind: 'create' })
    check(principal)
    const store = await context.store()
    if (principal !== undefined) await assertRoom(context, store, record.owner)
    record.secrets.push(await issueSecret(context, issued, 1, principal, check))
    check(await trail.beforeWrite(changesOf({}, record)))
    await store.insert(record)
    // An id that was never handed out is in no cache, so an insert that fails leaves nothing to forget.
    context.loader.invalidate([record.id])
    publish('created', compact({ environment, id: record.id, owner: record.owner, by: principal?.token?.id }))
    return { id: record.id, token: issued.token, apiToken: publicView(record, now()) }
  })
}

/**
 * Makes a token if there is none, and resolves to `undefined` if there are some. Of several nodes that do so at the
 * same moment, one makes it: the id follows from the data set, and a store keeps an id once.
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

/** Best effort: creates at the same moment may exceed the limit by their number. */
async function assertRoom({ maxTokensPerOwner }: ManageContext, store: EnvironmentStore, owner: string): Promise<void> {
  if (maxTokensPerOwner === undefined) return
  const count = await countTokens(store, { owner })
  if (count < maxTokensPerOwner) return
  throw new RequestError(
    'ERR_NOT_ALLOWED',
    `The owner has ${counted(count, 'token')}, and may have at most ${maxTokensPerOwner}. Delete one first.`,
  )
}
