import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePageSize } from '../../src/query/page-size.js'

const BOUNDS = { min: 100, max: 10_000 }
const PROBLEM = { ok: false, error: 'must be a whole number from 100 to 10000' }

test.each(['100', '200', '10000'])('%s', (text) => {
  expect(parsePageSize(text, BOUNDS)).toEqual({ ok: true, value: Number(text) })
})

test.each([
  '',
  ' ',
  '99',
  '10001',
  '0',
  '-200',
  '+200',
  ' 200',
  '200 ',
  '200\n',
  '0200',
  '200.0',
  '2e2',
  '0xff',
  '1_000',
  '1,000',
  '٢٠٠',
  '２００',
  'NaN',
  'Infinity',
  '9'.repeat(1_000_000),
])('%.20j is refused', (text) => {
  expect(parsePageSize(text, BOUNDS)).toEqual(PROBLEM)
})

test('accepts the plain decimal form of the numbers within the bounds, and nothing else', () => {
  const text = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.integer({ min: 0, max: 20_000 }).map(String),
    fc.double().map(String),
  )
  fc.assert(
    fc.property(text, (input) => {
      const number = Number(input)
      const good = Number.isInteger(number) && String(number) === input && number >= BOUNDS.min && number <= BOUNDS.max
      expect(parsePageSize(input, BOUNDS)).toEqual(good ? { ok: true, value: number } : PROBLEM)
    }),
    { numRuns: 2000 },
  )
})
