import { RequestError } from '../errors.js'
import { publish } from '../events.js'
import { isExpired } from '../policy/expiry.js'
import type { TokenPatch } from '../store/token-store.js'
import { livingPrevious, publicView, retire } from '../token/record.js'
import type { ApiToken, StoredSecret, TokenRecord } from '../types.js'
import { type MaybeActor, maySee, powerOf } from './caller.js'
import { checkInput, invalidInput } from './check-input.js'
import { attenuate, type ManageContext, notFound, readFor, storedSecret, writePatch } from './context.js'
import type { IssuedToken } from './create.js'
import type { RotateInput } from './inputs.js'

/**
 * Gives a token a new secret. Without an overlap every older secret dies now; with one the secret that was current
 * until now lives on for that long.
 * Throws `RequestError`: `ERR_INVALID_INPUT`, `ERR_NOT_FOUND`, `ERR_NOT_ALLOWED`, `ERR_STATE`, `ERR_RACE`.
 */
export async function rotateToken(
  context: ManageContext,
  id: string,
  input: RotateInput,
  actor: MaybeActor,
): Promise<IssuedToken> {
  const checked = checkInput(context.schemas.rotate, input)
  const store = await context.store()
  const record = await readFor(context, actor, store, id)
  const expiresAt = checked.expiresAt ?? record.expiresAt
  const until = checked.previousExpiresAt
  const judge = (caller: MaybeActor) => {
    if (!maySee(caller, record)) throw notFound()
    judgeRotation(context, record, checked.expiresAt, caller)
    mayOverlap(record, until, expiresAt, context.now())
  }
  const issued = context.format.renew(id)
  // The version after this write: greater than that of any secret before it.
  const fresh = await storedSecret(context, issued, record.version + 1, actor, judge)
  const patch: TokenPatch = {
    ...newSecrets(record, fresh, until),
    rotatedAt: context.now(),
    ...(checked.expiresAt !== undefined && { expiresAt: checked.expiresAt }),
  }
  const written = await writePatch(context, store, record, patch)
  announce(context, id, 'rotate', actor)
  return { id, token: issued.token, apiToken: publicView(written, context.now()) }
}

/** Ends a running overlap: the previous secret dies now. Throws `ERR_NOT_FOUND`, `ERR_STATE`, `ERR_RACE`. */
export async function finishRotation(context: ManageContext, id: string, actor: MaybeActor): Promise<ApiToken> {
  return endOverlap(context, id, 'finish', actor, ({ retired }, current, previous) => ({
    secrets: [withoutEnd(current)],
    retired: retire(retired, previous),
  }))
}

/**
 * Takes a running rotation back: the new secret dies now, the previous one is current again, without an end. Judged as a
 * rotation is. Throws `ERR_NOT_FOUND`, `ERR_NOT_ALLOWED`, `ERR_STATE`, `ERR_RACE`.
 */
export async function cancelRotation(context: ManageContext, id: string, actor: MaybeActor): Promise<ApiToken> {
  return endOverlap(context, id, 'cancel', actor, ({ retired }, current, previous) => ({
    secrets: [withoutEnd(previous)],
    retired: retire(retired, current),
  }))
}

/** Giving life to a secret of another token takes all that it can do; one's own may only not outlive itself. */
function judgeRotation(
  { environment }: ManageContext,
  record: TokenRecord,
  renewed: number | undefined,
  actor: MaybeActor,
): void {
  const before = powerOf(record, environment)
  const after = renewed === undefined ? before : { ...before, expiresAt: renewed }
  attenuate(actor, after, actor?.tokenId === record.id ? { before } : 'handOut')
}

function mayOverlap(record: TokenRecord, until: number | undefined, expiresAt: number | undefined, now: number): void {
  if (!record.enabled) throw new RequestError('ERR_STATE', 'A disabled token cannot be rotated.')
  if (isExpired(record.expiresAt, now)) throw new RequestError('ERR_STATE', 'An expired token cannot be rotated.')
  if (until === undefined) return
  if (livingPrevious(record, now) !== undefined) {
    throw new RequestError('ERR_STATE', 'A rotation is under way: finish or cancel it first.')
  }
  if (expiresAt !== undefined && until > expiresAt) {
    throw invalidInput([{ path: 'previousExpiresAt', message: 'The previous secret cannot outlive its token.' }])
  }
}

function newSecrets(
  { secrets: [current, previous], retired }: TokenRecord,
  fresh: StoredSecret,
  until: number | undefined,
): TokenPatch {
  if (until === undefined || current === undefined) {
    return { secrets: [fresh], retired: retire(retired, current, previous) }
  }
  return { secrets: [fresh, { ...current, until }], retired: retire(retired, previous) }
}

async function endOverlap(
  context: ManageContext,
  id: string,
  step: 'finish' | 'cancel',
  actor: MaybeActor,
  settle: (record: TokenRecord, current: StoredSecret, previous: StoredSecret) => TokenPatch,
): Promise<ApiToken> {
  const store = await context.store()
  const record = await readFor(context, actor, store, id)
  // Lets a secret live that was about to die.
  if (step === 'cancel') judgeRotation(context, record, undefined, actor)
  const previous = livingPrevious(record, context.now())
  const [current] = record.secrets
  if (previous === undefined || current === undefined) {
    throw new RequestError('ERR_STATE', 'No rotation is under way.')
  }
  const written = await writePatch(context, store, record, settle(record, current, previous))
  announce(context, id, step, actor)
  return publicView(written, context.now())
}

function withoutEnd({ gen, hash, tag }: StoredSecret): Omit<StoredSecret, 'until'> {
  return { gen, hash, tag }
}

function announce(
  { environment }: ManageContext,
  id: string,
  step: 'rotate' | 'finish' | 'cancel',
  actor: MaybeActor,
): void {
  publish('rotated', { environment, id, step, ...(actor?.tokenId !== undefined && { by: actor.tokenId }) })
}
