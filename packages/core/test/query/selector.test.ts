import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSelector, type Selection } from '../../src/query/selector.js'

describe('accepted', () => {
  test.each<[string, Selection]>([
    ['owner("ada")', { owner: 'ada' }],
    ['owner("")', { owner: '' }],
    ['personalAccessToken(true)', { personal: true }],
    ['personalAccessToken(false)', { personal: false }],
    ['scope("a.read")', { scopes: ['a.read'] }],
    ['scope("a","*","p.*")', { scopes: ['a', '*', 'p.*'] }],
    ['scope("a","b","a")', { scopes: ['a', 'b'] }],
    ['scope("a"),owner("x"),personalAccessToken(true)', { owner: 'x', personal: true, scopes: ['a'] }],
    ['  owner ( "x" )\t, scope ( "a" , "b" )  ', { owner: 'x', scopes: ['a', 'b'] }],
    ['owner("say ~"hi~" ~~ ~~~"")', { owner: 'say "hi" ~ ~"' }],
    ['owner("a,b) , scope(\\")', { owner: 'a,b) , scope(\\' }],
    ['owner(" Ада 😀 ")', { owner: ' Ада 😀 ' }],
    ['owner("__proto__")', { owner: '__proto__' }],
  ])('%s', (text, value) => {
    expect(parseSelector(text)).toEqual({ ok: true, value })
  })

  test('whatever is printed with escapes and blanks is read back', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('~', '"', ',', '(', ')', ' ', '\\', 'Ж', '😀', 'a') }),
    )
    const selection = fc.record(
      {
        owner: value,
        personal: fc.boolean(),
        scopes: fc.uniqueArray(value, { minLength: 1, maxLength: 8 }),
      },
      { requiredKeys: [] },
    )
    const blanks = fc.infiniteStream(fc.constantFrom('', '', ' ', '\t', '  '))
    fc.assert(
      fc.property(selection, fc.boolean(), blanks, (expected, backwards, stream) => {
        fc.pre(Object.keys(expected).length > 0)
        const tokens = print(expected, backwards)
        const text = tokens.map((token) => stream.next().value + token).join('') + stream.next().value
        expect(parseSelector(text)).toEqual({ ok: true, value: { ...expected } })
      }),
      { numRuns: 1000 },
    )
  })
})

describe('problems name the place', () => {
  test.each([
    ['', 'must not be empty'],
    [' \t ', 'must not be empty'],
    ['ownr("x")', 'expected one of owner, personalAccessToken, scope at character 1'],
    ['Owner("x")', 'expected one of owner, personalAccessToken, scope at character 1'],
    ['"x"', 'expected one of owner, personalAccessToken, scope at character 1'],
    [',owner("x")', 'expected one of owner, personalAccessToken, scope at character 1'],
    ['owner("x"),', 'expected one of owner, personalAccessToken, scope at the end, character 12'],
    ['owner("😀"),', 'expected one of owner, personalAccessToken, scope at the end, character 12'],
    ['owner("😀"),,', 'expected one of owner, personalAccessToken, scope at character 12'],
    ['owner', 'expected ( at the end, character 6'],
    ['owner "x"', 'expected ( at character 7'],
    ['owner()', 'expected a quoted value at character 7'],
    ['owner(x)', 'expected a quoted value at character 7'],
    ['owner(', 'expected a quoted value at the end, character 7'],
    ['owner("x"', 'expected a comma or ) at the end, character 10'],
    ['owner("x" "y")', 'expected a comma or ) at character 11'],
    ['owner("x","y")', 'too many values in owner (at most 1) at character 11'],
    ['owner("x")scope("a")', 'expected a comma or the end at character 11'],
    ['owner("x"))', 'expected a comma or the end at character 11'],
    ['owner("x),scope("a")', 'expected a comma or ) at character 18'],
    ['owner("😀', 'quote without an end at character 7'],
    ['owner("x~")', 'quote without an end at character 7'],
    ['owner("ж~n")', '~ must be followed by " or ~ at character 9'],
    ['owner("x~', '~ must be followed by " or ~ at character 9'],
    ['owner("x\u0000")', 'control character or lone surrogate at character 9'],
    ['owner("😀\ud83d")', 'control character or lone surrogate at character 9'],
    ['owner("~\u0000")', '~ must be followed by " or ~ at character 8'],
    ["owner('x')", 'unexpected character at character 7'],
    ['owner("x");', 'unexpected character at character 11'],
    ['owner("x")\n', 'unexpected character at character 11'],
    ['owner("x")\u00a0', 'unexpected character at character 11'],
    ['constructor("x")', 'expected one of owner, personalAccessToken, scope at character 1'],
    ['personalAccessToken("true")', 'expected true or false at character 21'],
    ['personalAccessToken(TRUE)', 'expected true or false at character 21'],
    ['personalAccessToken(true,false)', 'too many values in personalAccessToken (at most 1) at character 26'],
    ['scope()', 'expected a quoted value at character 7'],
    ['scope("a",)', 'expected a quoted value at character 11'],
    ['scope("a"),scope("b")', 'scope is given a second time at character 12'],
    ['scope("a"),owner("b"),owner("b")', 'owner is given a second time at character 23'],
  ])('%s', (text, problem) => {
    expect(parseSelector(text)).toEqual({ ok: false, error: problem })
  })

  test('at most 100 scopes', () => {
    const scopes = Array.from({ length: 101 }, (_, i) => `"s${i}"`)
    expect(parseSelector(`scope(${scopes.slice(0, 100).join()})`)).toMatchObject({ ok: true })
    const tooMany = `scope(${scopes.join()})`
    expect(parseSelector(tooMany)).toEqual({
      ok: false,
      error: `too many values in scope (at most 100) at character ${tooMany.indexOf('"s100"') + 1}`,
    })
  })

  test('at most 4,000 bytes of UTF-8', () => {
    const tooLong = { ok: false, error: 'is longer than 4000 bytes in UTF-8' }
    expect(parseSelector(`owner("${'x'.repeat(3991)}")`)).toMatchObject({ ok: true })
    expect(parseSelector(`owner("${'x'.repeat(3992)}")`)).toEqual(tooLong)
    expect(parseSelector(`owner("${'ж'.repeat(1996)}")`)).toEqual(tooLong)
    expect(parseSelector('('.repeat(1_000_000))).toEqual(tooLong)
  })
})

test('never throws, and every place lies in the text or right behind it', () => {
  const pieces = fc.constantFrom(
    'owner',
    'scope',
    'personalAccessToken',
    '(',
    ')',
    ',',
    '"',
    '~',
    'true',
    ' ',
    '😀',
    '"x"',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces).map((parts) => parts.join('')),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  )
  fc.assert(
    fc.property(text, (input) => {
      const result = parseSelector(input)
      if (result.ok || result.error === 'must not be empty') return
      const place = Number(/ character (\d+)$/.exec(result.error)?.[1])
      expect(place).toBeGreaterThanOrEqual(1)
      expect(place).toBeLessThanOrEqual(Array.from(input).length + 1)
    }),
    { numRuns: 3000 },
  )
})

/** The tokens of a selector, written without the parser's help. */
function print({ owner, personal, scopes }: Selection, backwards: boolean): string[] {
  const quote = (value: string) => `"${value.replace(/[~"]/g, '~$&')}"`
  const criteria: string[][] = []
  if (owner !== undefined) criteria.push(['owner', '(', quote(owner), ')'])
  if (personal !== undefined) criteria.push(['personalAccessToken', '(', String(personal), ')'])
  if (scopes) criteria.push(['scope', '(', ...scopes.flatMap((s, i) => (i ? [',', quote(s)] : [quote(s)])), ')'])
  if (backwards) criteria.reverse()
  return criteria.flatMap((criterion, i) => (i ? [',', ...criterion] : criterion))
}
