import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileResources, isPlainResource, parseResource } from '../../src/policy/resources.js'

/** All visible ASCII characters but `*`. */
const VISIBLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter(
  (character) => character !== '*',
)
const type = fc.stringMatching(/^[A-Za-z0-9_.-]{1,20}$/)
const id = fc.string({ unit: fc.constantFrom(...VISIBLE), minLength: 1, maxLength: 100 })
const plain = fc.tuple(type, id).map((parts) => parts.join(':'))

test.each([
  'a:1',
  'Project-1.x_y:a',
  'a:b:c',
  'arn:aws:s3:::bucket/key',
  'a:*',
  'a:undefinedly',
  'a:Null',
  'a:!"#$%&\'()+,-./',
])('%s is a resource', (text) => expect(parseResource(text)).toEqual({ ok: true, value: text }))

test.each<[unknown]>(
  [
    ...['', ':', 'a', 'a:', ':1', '*', '*:*', '*:1', 'a*:1', 'a:**', 'a:1*', 'a:*1', 'a b:1', 'a:1 ', ' a:1', 'a:b c'],
    ...['a:\n', 'a:1\n', 'a:\0', 'a:\u007f', 'a:é', 'é:1', 'a:\u{1F600}', 'a:\ud800', 'a/b:1', 'a:undefined', 'a:null'],
    ...[`a:${'x'.repeat(199)}`, undefined, null, 1, {}, ['a:1']],
  ].map((value) => [value] as [unknown]),
)('%j is no resource', (value) => {
  expect(parseResource(value)).toMatchObject({ ok: false, error: expect.stringMatching(/^A resource .*\.$/) })
  expect(isPlainResource(value)).toBe(false)
})

test('200 characters are allowed', () => {
  expect(parseResource(`a:${'x'.repeat(198)}`).ok).toBe(true)
})

test('a resource covers itself, and a wildcard all of its type and nothing else', () => {
  fc.assert(
    fc.property(plain, plain, (held, asked) => {
      const [heldType = ''] = held.split(':')
      const isOfType = asked.startsWith(`${heldType}:`)
      expect(compileResources([held]).covers(asked)).toBe(held === asked)
      expect(compileResources([held]).covers(held)).toBe(true)
      expect(compileResources([`${heldType}:*`]).covers(asked)).toBe(isOfType)
      expect(compileResources([`${heldType}:*`]).covers(held)).toBe(true)
      expect(compileResources([`${heldType}:*`]).covers(`${heldType}:*`)).toBe(true)
      expect(compileResources([held]).covers(`${heldType}:*`)).toBe(false)
      for (const granted of [[], [held], [`${heldType}:*`], [asked, `${heldType}:*`]]) {
        const { restricted, covers, allows } = compileResources(granted)
        expect(allows(asked)).toBe(!restricted || covers(asked))
        for (const wildcard of [`${heldType}:*`, '*', `${heldType}:`, `${held} `]) expect(allows(wildcard)).toBe(false)
      }
    }),
  )
})

test('what is malformed restricts, and covers nothing', () => {
  for (const broken of ['a', '*', '*:*', ':*', 'a:1*']) {
    const { restricted, covers, allows } = compileResources([broken])
    expect(restricted).toBe(true)
    for (const asked of ['a:1', 'a:*', '*', broken]) expect([covers(asked), allows(asked)]).toEqual([false, false])
  }
})
