// Parts of expected answers.
import { expect } from 'vitest'

export const ID: unknown = expect.stringMatching(/^acme\.[A-Z2-7]{24}$/)
export const TOKEN: unknown = expect.stringMatching(/^acme\.[A-Z2-7]{24}\.[A-Z2-7]{64}$/)
export const TIME: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
/** Where a new token is found. */
export const LOCATION: unknown = expect.stringMatching(/^\/[\w/-]+\/acme\.[A-Z2-7]{24}$/)
export const TEXT: unknown = expect.stringMatching(/./)
export const LIST: unknown = expect.any(Array)
export const COUNT: unknown = expect.any(Number)

/** Of the right form, and nobody's. */
export const UNKNOWN_ID = `acme.${'A'.repeat(24)}`
/** Its checksum is wrong. */
export const MALFORMED_TOKEN = `${UNKNOWN_ID}.${'A'.repeat(64)}`

export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern)
}

/** These members at least: a last use may be written at any moment. */
export function atLeast(members: object): unknown {
  return expect.objectContaining(members)
}

// Answers in the Dynatrace dialect.
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
