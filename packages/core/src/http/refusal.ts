import { LatchkeyError } from '../errors.js'
import type { Denial, DenialReason } from '../types.js'
import type { CredentialProblem } from './credentials.js'

/** Why a guard let nobody in: the verdict's reason, or what kept it from a verdict. */
export interface GuardDenial {
  readonly reason: DenialReason | 'no_credential' | 'invalid_request' | 'unavailable'
  /** With `scope`: the scopes that the token lacks. */
  readonly missing?: readonly string[]
}

/** A refusal in the words of HTTP, before a dialect puts them into its envelope. */
export interface Refusal {
  readonly denial: GuardDenial
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly message: string
}

/** Makes refusals for one realm. Source: RFC 6750 §3. */
export interface Refusals {
  ofCredential(problem: CredentialProblem): Refusal
  /** `needed`: every scope that the route needs, for the challenge. */
  ofDenial(denial: Denial, needed: readonly string[]): Refusal
  /** For errors that stand in the way of a verdict; `undefined` for those that are not ours to answer. */
  ofError(error: unknown): Refusal | undefined
}

export function refusals(realm: string): Refusals {
  const bare = `Bearer realm="${realm}"`
  const challenge = (value: string) => ({ 'WWW-Authenticate': value })
  const none = challenge(bare)
  const invalidRequest = challenge(`${bare}, error="invalid_request"`)
  const invalidToken = {
    status: 401,
    headers: challenge(`${bare}, error="invalid_token"`),
    message: 'The token is not valid.',
  }

  return {
    ofCredential({ kind, message }) {
      return kind === 'none'
        ? { denial: { reason: 'no_credential' }, status: 401, headers: none, message }
        : { denial: { reason: 'invalid_request' }, status: 400, headers: invalidRequest, message }
    },
    ofDenial(denial, needed) {
      if (denial.reason === 'network') {
        return { denial, status: 403, headers: none, message: 'This token may not be used from this address.' }
      }
      if (denial.reason === 'scope') {
        return {
          denial,
          status: 403,
          headers: challenge(`${bare}, error="insufficient_scope", scope="${needed.join(' ')}"`),
          message: `The token lacks the scope ${(denial.missing ?? needed).join(', ')}.`,
        }
      }
      // One answer for all other causes: it must not tell a stranger which it was.
      return { denial, ...invalidToken }
    },
    ofError(error) {
      if (!(error instanceof LatchkeyError)) return undefined
      return {
        denial: { reason: 'unavailable' },
        status: 503,
        headers: { 'Retry-After': '1' },
        message: 'The token cannot be checked at the moment. Try again later.',
      }
    },
  }
}
