import type { Outcome } from './protocol.js'

/** What is true of a token between two writes. */
export interface State {
  readonly exists: boolean
  readonly enabled: boolean
  readonly expiresAt: number | undefined
  readonly scopes: readonly string[]
  /** Whole tokens: the current one, and the previous one during an overlap. */
  readonly secrets: readonly { readonly token: string; readonly until?: number }[]
}

export const ABSENT: State = { exists: false, enabled: false, expiresAt: undefined, scopes: [], secrets: [] }

/** What a verification must say that sees this state while its clock runs between two readings. */
export function outcomes(state: State, token: string, scopes: readonly string[], from: number, to: number): Outcome[] {
  const ends = [state.expiresAt, ...state.secrets.map(({ until }) => until)]
  const within = ends.filter((end): end is number => end !== undefined && from < end && end <= to)
  return [from, ...within].map((now) => outcome(state, token, scopes, now))
}

function outcome(state: State, token: string, scopes: readonly string[], now: number): Outcome {
  if (!state.exists) return 'unknown'
  const secret = state.secrets.find((candidate) => candidate.token === token)
  if (secret === undefined || (secret.until !== undefined && now >= secret.until)) return 'wrong_secret'
  if (!state.enabled) return 'disabled'
  if (state.expiresAt !== undefined && now >= state.expiresAt) return 'expired'
  return scopes.every((scope) => state.scopes.includes(scope)) ? 'in' : 'scope'
}
