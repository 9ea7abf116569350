import { expect, expectTypeOf, test } from 'vitest'
import { compact } from '../src/compact.js'

test('drops the members that are undefined, and keeps every other value', () => {
  const compacted = compact({ a: 0, b: undefined, c: null, d: '', e: false })
  expect(Object.entries(compacted)).toEqual([
    ['a', 0],
    ['c', null],
    ['d', ''],
    ['e', false],
  ])
})

test('leaves the object that it is given as it is', () => {
  const members = Object.freeze({ a: 1, b: undefined })
  expect(compact(members)).not.toBe(members)
})

test('a member that may be undefined becomes optional', () => {
  const compacted = compact({ id: 'a', ip: undefined as string | undefined })
  expectTypeOf(compacted.id).toEqualTypeOf<string>()
  const withoutUndefined: { id: string; ip?: string } = compacted
  expect(withoutUndefined).toStrictEqual({ id: 'a' })
})
