// Answers in the Dynatrace dialect.
import { ID, TEXT, TIME, TOKEN } from './shapes.js'

export const CREATED = { id: ID, token: TOKEN }

/** The error envelope, with one violation for each of these places. */
export function failure(code: number, paths: readonly string[] = [], parameterLocation = 'PAYLOAD_BODY'): object {
  const constraintViolations = paths.map((path) => ({ path, message: TEXT, parameterLocation, location: null }))
  return { error: { code, message: TEXT, ...(paths.length > 0 && { constraintViolations }) } }
}

/** A whole token as `GET` shows it, with these members of its own. */
export function token(members: object): object {
  return { id: ID, enabled: true, owner: 'admin', creationDate: TIME, personalAccessToken: false, ...members }
}
