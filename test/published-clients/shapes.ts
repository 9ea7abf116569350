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
