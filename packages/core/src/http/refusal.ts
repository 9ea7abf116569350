import { type ErrorCode, LatchkeyError, type Violation } from '../errors.js'
import type { Denial, DenialReason } from '../types.js'
import type { CredentialProblem } from './credentials.js'
import type { ErrorForm, ParameterLocation } from './dialects/error-form.js'
import type { HttpResponse } from './message.js'

/**
 * Why nobody was let in: the verdict's reason, or what kept it from a verdict. Of management routes, the verdict may be
 * on the caller that `authorize` names, and there are three more reasons:
 *
 * - `not_signed_in`: with `sessionOnly`, `authorize` names nobody.
 * - `cross_site`: a page of another site sent this in the name of its visitor.
 * - `outgoing_secret`: the secret is being rotated out, and may not do this any more.
 */
export interface GuardDenial {
  readonly reason:
    | DenialReason
    | 'no_credential'
    | 'invalid_request'
    | 'unavailable'
    | 'not_signed_in'
    | 'cross_site'
    | 'outgoing_secret'
  /** With `scope`: the scopes that the token lacks. */
  readonly missing?: readonly string[]
}

/** An error in the words of HTTP, before a form puts it into its envelope. */
export interface HttpError {
  readonly status: number
  readonly code: ErrorCode
  readonly headers?: Readonly<Record<string, string>>
  readonly message: string
}

/** The error of a request that is not let in. */
export interface Refusal extends HttpError {
  readonly denial: GuardDenial
}

/** Makes refusals for one realm. Source: RFC 6750 §3. */
export interface Refusals {
  ofCredential(problem: CredentialProblem): Refusal
  /** `needed`: every scope that the route needs, for the challenge. */
  ofDenial(denial: Denial, needed: readonly string[]): Refusal
}

export function createRefusals(realm: string): Refusals {
  const bare = `Bearer realm="${realm}"`
  const challenge = (value: string) => ({ 'WWW-Authenticate': value })
  const none = challenge(bare)
  const invalidRequest = challenge(`${bare}, error="invalid_request"`)
  const invalidToken = {
    status: 401,
    code: 'ERR_INVALID_TOKEN',
    headers: challenge(`${bare}, error="invalid_token"`),
    message: 'The token is not valid.',
  } as const

  return {
    ofCredential({ kind, message }) {
      return kind === 'none'
        ? { denial: { reason: 'no_credential' }, status: 401, code: 'ERR_NO_TOKEN', headers: none, message }
        : {
            denial: { reason: 'invalid_request' },
            status: 400,
            code: 'ERR_CREDENTIALS',
            headers: invalidRequest,
            message,
          }
    },
    ofDenial(denial, needed) {
      if (denial.reason === 'network') {
        const message = 'This token may not be used from this address.'
        return { denial, status: 403, code: 'ERR_ADDRESS', headers: none, message }
      }
      if (denial.reason === 'resource') {
        const message = 'This token may not be used for this resource.'
        return { denial, status: 403, code: 'ERR_RESOURCE', headers: none, message }
      }
      if (denial.reason === 'scope') {
        return {
          denial,
          status: 403,
          code: 'ERR_SCOPE',
          headers: challenge(`${bare}, error="insufficient_scope", scope="${needed.join(' ')}"`),
          message: `The token lacks the scope ${(denial.missing ?? needed).join(', ')}.`,
        }
      }
      // One answer for all other causes: it must not say which it was.
      return { denial, ...invalidToken }
    },
  }
}

/** For errors that keep a guard from a verdict; `undefined` for errors that are not Latchkey's. */
export function refusalOfError(error: unknown): Refusal | undefined {
  if (!(error instanceof LatchkeyError)) return undefined
  return { denial: { reason: 'unavailable' }, ...unavailable('The token cannot be checked at the moment.') }
}

/** `problem`: a sentence that says what cannot be done. The cause is not for clients. */
export function unavailable(problem: string): HttpError {
  return {
    status: 503,
    code: 'ERR_UNAVAILABLE',
    headers: { 'Retry-After': '1' },
    message: `${problem} Try again later.`,
  }
}

/** The answer to an error, in this form. `location`: where the violations are. */
export function errorResponse(
  { mediaType, body }: ErrorForm,
  { status, code, headers = {}, message }: HttpError,
  violations: readonly Violation[] = [],
  location: ParameterLocation = 'PAYLOAD_BODY',
): HttpResponse {
  const type = mediaType === 'application/json' ? {} : { 'Content-Type': mediaType }
  return { status, headers: { ...headers, ...type }, body: body({ status, code, message, violations, location }) }
}
