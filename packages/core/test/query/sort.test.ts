import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSort } from '../../src/query/sort.js'

const KEYS = { name: 'name', creationDate: 'createdAt' } as const
const PROBLEM = { ok: false, error: 'must be one of name, creationDate, with + or - in front or without' }

test.each([
  ['name', 'name', 'asc'],
  ['+name', 'name', 'asc'],
  [' name', 'name', 'asc'],
  ['-name', 'name', 'desc'],
  ['-creationDate', 'createdAt', 'desc'],
])('%j', (text, by, direction) => {
  expect(parseSort(text, KEYS)).toEqual({ ok: true, value: { by, direction } })
})

test.each([
  '',
  ' ',
  '+',
  '-',
  '--name',
  '+ name',
  'name ',
  'name,creationDate',
  'Name',
  'createdAt',
  '-toString',
  '__proto__',
])('%j is refused', (text) => {
  expect(parseSort(text, KEYS)).toEqual(PROBLEM)
})

test('accepts exactly one sign or none before a known name', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom('+', '-', ' ', 'name', 'creationDate'), { maxLength: 3 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (input) => {
      expect(parseSort(input, KEYS).ok).toBe(/^[-+ ]?(name|creationDate)$/.test(input))
    }),
    { numRuns: 1000 },
  )
})
