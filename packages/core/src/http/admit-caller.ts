import { RequestError } from '../errors.js'
import type { Latchkey } from '../instance.js'
import { internalsOf } from '../internals.js'
import { type Actor, actorFromToken, lackingScopes } from '../manage/actor.js'
import { actorFromCaller, type Caller } from '../manage/caller.js'
import { isExpired } from '../policy/expiry.js'
import type { OperationName } from './dialects/dialect.js'
import { guardStateOf } from './guard.js'
import type { HttpRequest } from './message.js'
import type { Refusal } from './refusal.js'
import { neededScopes, OPERATIONS } from './routes.js'

/** Ends an operation whose caller may not do it. */
export class RefusedError extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** Carries an error of the host's own code past the answers to our errors. */
export class HostError extends Error {}

/**
 * Who calls, with enough scope for the operation: the caller that the host names, else the request's token.
 * Throws a `RefusedError`.
 */
export async function admitCaller(
  latchkey: Latchkey,
  request: HttpRequest,
  target: { readonly operation: OperationName; readonly id: string },
  authorize: () => Promise<Caller | undefined>,
): Promise<Actor> {
  const caller = await authorize().catch((error: unknown) => {
    // It is about a call of the host's own, so it is not the fault of this request's sender.
    throw error instanceof RequestError ? new HostError('authorize failed', { cause: error }) : error
  })
  return caller === undefined ? admitToken(latchkey, request, target) : admitNamed(latchkey, target.operation, caller)
}

/** A caller that the host names. */
function admitNamed(latchkey: Latchkey, operation: OperationName, caller: Caller): Actor {
  const { settings, context } = internalsOf(latchkey)
  const { refusals } = guardStateOf(latchkey)
  const needed = neededScopes(operation, settings.managementScopes)
  const actor = actorFromCaller(caller, settings.environment)
  if (isExpired(actor.grant.expiresAt, context.now())) {
    throw new RefusedError(refusals.ofDenial({ reason: 'expired' }, needed))
  }
  const missing = lackingScopes(actor, needed)
  if (missing.length > 0) throw new RefusedError(refusals.ofDenial({ reason: 'scope', missing }, needed))
  return actor
}

/** The token of the request. */
async function admitToken(
  latchkey: Latchkey,
  request: HttpRequest,
  { operation, id }: { readonly operation: OperationName; readonly id: string },
): Promise<Actor> {
  const { settings, verifier, context } = internalsOf(latchkey)
  const { readCredential, refusals } = guardStateOf(latchkey)
  const credential = readCredential(request.rawHeaders)
  if (typeof credential !== 'string') throw new RefusedError(refusals.ofCredential(credential))
  const { exempt } = OPERATIONS[operation]
  // Claiming the id of another token gains nothing: the verifier proves the secret of the claimed id.
  const isOwn = id === 'self' || (exempt === 'own' && id === context.format.idOf(credential))
  const scopes = exempt !== undefined && isOwn ? [] : neededScopes(operation, settings.managementScopes)
  const found = await verifier.authenticate(credential, { ip: request.ip, scopes })
  if (!found.ok) throw new RefusedError(refusals.ofDenial(found.denial, scopes))
  return actorFromToken(found.entry, settings.environment)
}
