import { compact } from '../compact.js'
import { RequestError } from '../errors.js'
import { publish } from '../events.js'
import { isExpired } from '../policy/evaluate.js'
import type { TokenPatch } from '../store/token-store.js'
import { activePrevious, publicView, retire } from '../token/record.js'
import type { ApiToken, StoredSecret, TokenRecord } from '../types.js'
import { changesOf, type Trail } from './audit.js'
import { assertNoEscalation, grantOf, type PrincipalOrHost } from './caller.js'
import { invalidInput } from './check-input.js'
import type { ManageContext } from './context.js'
import type { IssuedToken } from './create.js'
import type { CheckedRotate } from './inputs.js'
import { issueSecret } from './issue-secret.js'
import { findRecord, readRecord, writePatch } from './records.js'

/**
 * Gives a token a new secret. Without an overlap every older secret stops working now; with one, the secret that was
 * current until now stays valid until `previousExpiresAt`. Throws `ERR_INVALID_INPUT`, `ERR_NOT_FOUND`,
 * `ERR_NOT_ALLOWED`, `ERR_STATE`, `ERR_RACE`.
 */
export async function rotateToken(
  context: ManageContext,
  id: string,
  input: CheckedRotate,
  principal: PrincipalOrHost,
): Promise<IssuedToken> {
  const { audit, now } = context
  return audit.run('rotate', principal, async (trail) => {
    const store = await context.store()
    const record = await readRecord(store, id, principal, trail)
    const check = (caller: PrincipalOrHost) => {
      checkGrant(context, record, input.expiresAt, caller)
      checkState(record, input, now())
    }
    check(principal)
    const issued = context.format.renew(id)
    // The next version: greater than the generation of any secret before it.
    const fresh = await oneAtATime(context, id, () =>
      issueSecret(context, issued, record.version + 1, principal, check),
    )
    check(await trail.beforeWrite(rotationChanges(record, input)))
    const patch = compact({
      ...replaceSecrets(record, fresh, input.previousExpiresAt),
      rotatedAt: now(),
      expiresAt: input.expiresAt,
    })
    const written = await writePatch(context, store, record, patch)
    announce(context, id, 'rotate', principal)
    return { id, token: issued.token, apiToken: publicView(written, now()) }
  })
}

/**
 * Only one of several rotations of one token at the same time can win, so only one may cost a slow hash. Throws
 * `ERR_RACE`.
 */
async function oneAtATime<T>({ rotations }: ManageContext, id: string, run: () => Promise<T>): Promise<T> {
  if (rotations.has(id)) throw new RequestError('ERR_RACE', 'Another rotation of this token is under way.')
  rotations.add(id)
  try {
    return await run()
  } finally {
    rotations.delete(id)
  }
}

function rotationChanges(record: TokenRecord, { expiresAt, previousExpiresAt }: CheckedRotate) {
  return {
    ...changesOf(record, compact({ expiresAt: expiresAt === record.expiresAt ? undefined : expiresAt })),
    ...(previousExpiresAt !== undefined && { previousExpiresAt: { to: previousExpiresAt } }),
  }
}

/**
 * Ends a running overlap. `finish`: the previous secret stops working now. `cancel`: the current one does, and the
 * previous one is current again, without an end; the caller is checked as for a rotation. Throws `ERR_NOT_FOUND`,
 * `ERR_NOT_ALLOWED`, `ERR_STATE`, `ERR_RACE`.
 */
export async function endRotation(
  context: ManageContext,
  id: string,
  step: 'finish' | 'cancel',
  principal: PrincipalOrHost,
): Promise<ApiToken> {
  const { audit, now } = context
  return audit.run(step, principal, async (trail) => {
    const store = await context.store()
    const record = await readRecord(store, id, principal, trail)
    /** The two active secrets, while the overlap runs. */
    const check = (caller: PrincipalOrHost) => {
      // It extends the life of a secret that was about to end.
      if (step === 'cancel') checkGrant(context, record, undefined, caller)
      const previous = activePrevious(record, now())
      const [current] = record.secrets
      if (previous === undefined || current === undefined) {
        throw new RequestError('ERR_STATE', 'No rotation is under way.')
      }
      return { current, previous }
    }
    check(principal)
    const { current, previous } = check(await trail.beforeWrite())
    const patch = step === 'finish' ? keepOnly(record, current, previous) : keepOnly(record, previous, current)
    const written = await writePatch(context, store, record, patch)
    announce(context, id, step, principal)
    return publicView(written, now())
  })
}

/**
 * Ends the outgoing secret of this generation, as `endRotation` does. Resolves to whether it was still there. Throws
 * `ERR_RACE`.
 */
export async function retirePrevious(
  context: ManageContext,
  id: string,
  gen: number,
  principal: PrincipalOrHost,
  trail: Trail,
): Promise<boolean> {
  const store = await context.store()
  const record = await findRecord(store, id, principal, trail)
  const [current, previous] = record?.secrets ?? []
  if (record === undefined || current === undefined || previous?.gen !== gen) return false
  await trail.beforeWrite()
  await writePatch(context, store, record, keepOnly(record, current, previous))
  announce(context, id, 'finish', principal)
  return true
}

/** To extend another token's secret is to issue all of that token again. Of its own, only the expiry is checked. */
function checkGrant(
  { environment }: ManageContext,
  record: TokenRecord,
  expiresAt: number | undefined,
  principal: PrincipalOrHost,
): void {
  const before = grantOf(record, environment)
  const after = expiresAt === undefined ? before : { ...before, expiresAt }
  assertNoEscalation(principal, after, { kind: principal?.token?.id === record.id ? 'change' : 'reissue', before })
}

function checkState(record: TokenRecord, { previousExpiresAt, expiresAt }: CheckedRotate, now: number): void {
  if (!record.enabled) throw new RequestError('ERR_STATE', 'A disabled token cannot be rotated.')
  if (isExpired(record.expiresAt, now)) throw new RequestError('ERR_STATE', 'An expired token cannot be rotated.')
  if (previousExpiresAt === undefined) return
  if (activePrevious(record, now) !== undefined) {
    throw new RequestError('ERR_STATE', 'A rotation is under way: finish or cancel it first.')
  }
  const end = expiresAt ?? record.expiresAt
  if (end !== undefined && previousExpiresAt > end) {
    throw invalidInput([{ path: 'previousExpiresAt', message: 'The previous secret cannot outlive its token.' }])
  }
}

function replaceSecrets(
  { secrets: [current, previous], retired }: TokenRecord,
  fresh: StoredSecret,
  until: number | undefined,
): Pick<TokenPatch, 'secrets' | 'retired'> {
  if (until === undefined || current === undefined) {
    return { secrets: [fresh], retired: retire(retired, current, previous) }
  }
  return { secrets: [fresh, { ...current, until }], retired: retire(retired, previous) }
}

function keepOnly({ retired }: TokenRecord, { gen, hash, tag, format }: StoredSecret, other: StoredSecret): TokenPatch {
  return { secrets: [compact({ gen, hash, tag, format })], retired: retire(retired, other) }
}

function announce(
  { environment }: ManageContext,
  id: string,
  step: 'rotate' | 'finish' | 'cancel',
  principal: PrincipalOrHost,
): void {
  publish('rotated', compact({ environment, id, step, by: principal?.token?.id }))
}
