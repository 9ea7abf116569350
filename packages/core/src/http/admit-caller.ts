import type { ManagementOperation } from '../audit-entry.js'
import { compact } from '../compact.js'
import { type ErrorCode, RequestError, UnavailableError } from '../errors.js'
import type { Latchkey } from '../instance.js'
import { internalsOf } from '../internals.js'
import { assertCurrentSecret, assertMayCall, neededScopes } from '../manage/authority.js'
import {
  type Caller,
  lackingScopes,
  type Principal,
  principalFromCaller,
  principalFromToken,
} from '../manage/caller.js'
import { normalAddress } from '../policy/address.js'
import { isExpired } from '../policy/evaluate.js'
import { beforeDeadline, deadlineIn, TimeoutError } from '../store/deadline.js'
import type { Denial } from '../types.js'
import type { IsCrossSite } from './csrf.js'
import { warnForgeableAddress } from './forgeable-address.js'
import { guardStateOf } from './guard.js'
import type { HttpRequest } from './message.js'
import type { GuardDenial, Refusal } from './refusal.js'
import { exemptionOf, type SelfService } from './routes.js'
import { throwError } from './thrown.js'

/** Refuses the caller of an operation. Its answer may be finer than its code, which the audit keeps. */
export class RefusedError extends RequestError {
  readonly refusal: Refusal
  /** The caller, if it is known who it is. */
  readonly principal: Principal | undefined

  constructor(refusal: Refusal, principal?: Principal, code: ErrorCode = refusal.code) {
    super(code, refusal.message)
    this.refusal = refusal
    this.principal = principal
  }
}

/** Carries an error of the host's own code past the answers to our errors. */
export class HostError extends Error {}

/** The rules of a mounted router. */
export interface AdmissionRules {
  readonly self: SelfService
  readonly isCrossSite: IsCrossSite
  /** Whether `authorize` alone says who calls. */
  readonly sessionOnly: boolean
}

/** One request for one operation, and what of it was found out before. */
export interface OperationRequest {
  readonly latchkey: Latchkey
  readonly request: HttpRequest
  readonly operation: ManagementOperation
  /** What stands in the place of `{id}`. */
  readonly id: string
  readonly rules: AdmissionRules
  /** The host's own sign-in. */
  readonly authorize: () => Promise<Caller | undefined>
  /** Whether the host has one. */
  readonly hasSignIn: boolean
}

/**
 * Who calls, with enough scope for the operation: the caller that the host names, else the request's token.
 * `isRepeated`: the same request was admitted before, so its token is not reported as verified again. Throws a
 * `RefusedError`.
 */
export async function admitCaller(asked: OperationRequest, isRepeated: boolean): Promise<Principal> {
  const caller = await askHost(asked)
  if (caller !== undefined) return admitNamed(asked, caller)
  if (asked.rules.sessionOnly) throw notSignedIn(asked)
  return admitToken(asked, isRepeated)
}

async function askHost({ latchkey, authorize }: OperationRequest): Promise<Caller | undefined> {
  const { hostTimeout } = internalsOf(latchkey).settings
  return beforeDeadline(deadlineIn(hostTimeout), authorize).catch((error: unknown) => {
    if (error instanceof TimeoutError) throw new UnavailableError('ERR_AUTHORIZE', `authorize gave ${error.message}`)
    // It is about a call of the host's own, so it is not the fault of this request's sender.
    if (error instanceof RequestError) throw new HostError('authorize failed', { cause: error })
    return throwError(error)
  })
}

/** Nobody is signed in where a token opens nothing. The sentence speaks of tokens only to somebody who sent one. */
function notSignedIn({ latchkey, request }: OperationRequest): RefusedError {
  const { readCredential, refusals, denyCredential } = guardStateOf(latchkey)
  const credential = readCredential(request)
  const isSent = typeof credential === 'string' || credential.kind === 'invalid'
  const message = isSent ? 'A token opens nothing here. Sign in.' : 'Sign in to access this resource.'
  const problem = { kind: 'none', message } as const
  denyCredential(problem, request.ip)
  const refusal = { ...refusals.ofCredential(problem), code: 'ERR_NOT_SIGNED_IN' } as const
  return new RefusedError({ ...refusal, denial: { reason: 'not_signed_in' } })
}

/** A caller that the host names. */
function admitNamed({ latchkey, request, operation, rules }: OperationRequest, caller: Caller): Principal {
  const { settings, context } = internalsOf(latchkey)
  const { refusals } = guardStateOf(latchkey)
  const principal = principalFromCaller(caller, { ...settings, ip: normalAddress(request.ip) })
  if (principal.grant.networks.length > 0) warnForgeableAddress(request)
  const scopes = neededScopes(operation, settings.managementScopes)
  const refuse = (error: RequestError, denial: Denial) => {
    const { headers, ...answer } = refusals.ofDenial(denial, scopes)
    // No token was sent, so its code speaks of none.
    const code = denial.reason === 'expired' ? 'ERR_NOT_SIGNED_IN' : answer.code
    // An address needs no challenge where no token was sent.
    const challenge = denial.reason === 'network' ? {} : { headers }
    return new RefusedError(compact({ ...answer, code, ...challenge, message: error.message }), principal, error.code)
  }
  if (rules.isCrossSite(request)) throw refusedAs('cross_site', crossSite(), principal)
  try {
    assertMayCall(context, principal, operation, true)
    return principal
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    if (isExpired(principal.grant.expiresAt, context.now())) throw refuse(error, { reason: 'expired' })
    const missing = lackingScopes(principal, scopes)
    throw refuse(error, missing.length > 0 ? { reason: 'scope', missing } : { reason: 'network' })
  }
}

/** The token of the request. */
async function admitToken(
  { latchkey, request, operation, id, rules, hasSignIn }: OperationRequest,
  isRepeated: boolean,
): Promise<Principal> {
  const { settings, verifier } = internalsOf(latchkey)
  const { readCredential, refusals, denyCredential } = guardStateOf(latchkey)
  const credential = readCredential(request)
  if (typeof credential !== 'string') {
    denyCredential(credential, request.ip)
    const refusal = refusals.ofCredential(credential)
    const mayHaveSession = hasSignIn && credential.kind === 'none'
    throw new RefusedError(mayHaveSession ? { ...refusal, message: 'Sign in, or send a token.' } : refusal)
  }
  const exempt = exemptionOf(operation, rules.self)
  // Claiming the id of another token gains nothing: the verifier proves the secret of the claimed id.
  const isOwn = id === 'self' || (exempt === 'own' && id === (await verifier.locate(credential))?.id)
  const scopes = exempt !== undefined && isOwn ? [] : neededScopes(operation, settings.managementScopes)
  const found = await verifier.authenticate(credential, { ip: request.ip, scopes, resources: 'any', isRepeated })
  const site = { ...settings, ip: normalAddress(request.ip) }
  if (!found.ok) {
    const { denial, identified } = found
    if (denial.reason === 'network') warnForgeableAddress(request)
    const isForbidden = denial.reason === 'scope' || denial.reason === 'network'
    const principal =
      isForbidden && identified ? principalFromToken(identified.entry, identified.secret, site) : undefined
    throw new RefusedError(refusals.ofDenial(denial, scopes), principal, 'ERR_NOT_ALLOWED')
  }
  const principal = principalFromToken(found.entry, found.secret, site)
  if (principal.grant.networks.length > 0) warnForgeableAddress(request)
  if (!wasSent(credential, request) && rules.isCrossSite(request)) {
    throw refusedAs('cross_site', crossSite(), principal)
  }
  try {
    assertCurrentSecret(principal, operation, id)
    return principal
  } catch (error) {
    throw error instanceof RequestError ? refusedAs('outgoing_secret', error, principal) : error
  }
}

function refusedAs(reason: GuardDenial['reason'], error: RequestError, principal: Principal): RefusedError {
  const { status, code, message } = error
  return new RefusedError({ denial: { reason }, status, code, message }, principal)
}

function crossSite(): RequestError {
  return new RequestError('ERR_CROSS_SITE', 'A page of another site may not change tokens in your name.')
}

/**
 * Whether a header of the request holds the credential. If not, the application took it from elsewhere: from a cookie,
 * which browsers add to what pages of other sites send. Without raw headers, only a cookie that holds it as it is can
 * be told.
 */
function wasSent(credential: string, { headers, rawHeaders }: HttpRequest): boolean {
  if (rawHeaders === undefined) return !String(headers.cookie ?? '').includes(credential)
  return rawHeaders.some(
    (value, i) => i % 2 === 1 && value.includes(credential) && !/^cookie$/i.test(rawHeaders[i - 1] ?? ''),
  )
}
