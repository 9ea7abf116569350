import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareCodePoints } from '../../src/store/sort.js'

/** Code points at the edges where UTF-16 order and code point order part. */
const edges = fc.constantFrom('', 'a', 'z', '\u{d7ff}', '\u{e000}', '\u{ff5e}', '\u{ffff}', '\u{10000}', '\u{1f600}')
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(edges).map((parts) => parts.join('')),
)
const utf16 = fc.array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7ff, max: 0xe000 })))

test('sorts an emoji behind a full-width tilde, which UTF-16 units do not', () => {
  expect('\u{1f600}' < '\u{ff5e}').toBe(true)
  expect(compareCodePoints('\u{1f600}', '\u{ff5e}')).toBeGreaterThan(0)
  expect(['\u{1f600}', '\u{ff5e}', 'b', 'ab', 'a', ''].sort(compareCodePoints)).toEqual([
    '',
    'a',
    'ab',
    'b',
    '\u{ff5e}',
    '\u{1f600}',
  ])
})

test('agrees with the bytes of UTF-8', () => {
  fc.assert(
    fc.property(text, text, text, (prefix, a, b) => {
      const bytes = Buffer.compare(Buffer.from(prefix + a), Buffer.from(prefix + b))
      expect(Math.sign(compareCodePoints(prefix + a, prefix + b))).toBe(bytes)
    }),
    { numRuns: 2000 },
  )
})

test('is a total order of any UTF-16 text, lone surrogates included', () => {
  const any = utf16.map((units) => String.fromCharCode(...units))
  fc.assert(
    fc.property(any, any, any, (a, b, c) => {
      expect(compareCodePoints(a, b) === 0).toBe(a === b)
      expect(Math.sign(compareCodePoints(a, b)) + Math.sign(compareCodePoints(b, a))).toBe(0)
      const [x = '', y = '', z = ''] = [a, b, c].sort(compareCodePoints)
      expect(compareCodePoints(x, y)).toBeLessThanOrEqual(0)
      expect(compareCodePoints(y, z)).toBeLessThanOrEqual(0)
      expect(compareCodePoints(x, z)).toBeLessThanOrEqual(0)
    }),
  )
})
