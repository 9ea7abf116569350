import { expect, test } from 'vitest'
import { isExpired } from '../../src/policy/expiry.js'

test.each([
  [undefined, 0, false],
  [undefined, Number.MAX_SAFE_INTEGER, false],
  [1000, 999, false],
  [1000, 1000, true],
  [1000, 1001, true],
  [0, 0, true],
  [253_402_300_799_999, 1000, false],
  [Number.NaN, 1000, true],
  [Number.POSITIVE_INFINITY, 1000, true],
  [Number.NEGATIVE_INFINITY, 1000, true],
  [1000, Number.NaN, true],
])('expiry %s at %s is dead: %s', (expiresAt, now, expected) => {
  expect(isExpired(expiresAt, now)).toBe(expected)
})

test.each([[null], ['253402300799999'], [{}], [true]])('a corrupt expiry %j is dead', (expiresAt) => {
  expect(isExpired(expiresAt as unknown as number, 0)).toBe(true)
})
