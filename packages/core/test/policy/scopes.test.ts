import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileScopes, isGrantable, isPlainScope, parseScope } from '../../src/policy/scopes.js'

const segment = fc.constantFrom('a', 'b', 'aX', 'a-b')
const plain = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('.'))
const scope = fc.oneof(
  plain,
  plain.map((text) => `${text}.*`),
  fc.constant('*'),
)

/** The rule on segments, as the contract words it. */
function coveredByOne(held: string, asked: string): boolean {
  if (held === asked || held === '*') return true
  if (!held.endsWith('.*')) return false
  const prefix = held.split('.').slice(0, -1)
  const segments = asked.split('.')
  return segments.length > prefix.length && prefix.every((segment, i) => segment === segments[i])
}

describe('parseScope', () => {
  test.each([
    'a',
    'reports.read',
    'apiTokens.write',
    'A_b:c-9',
    'a.b.c.d',
    '0',
    '*',
    'metrics.*',
    'a.b.*',
    'x'.repeat(100),
    `${'x'.repeat(98)}.*`,
  ])('takes %s', (text) => {
    expect(parseScope(text)).toEqual({ ok: true, value: text })
    expect(isPlainScope(text)).toBe(!text.includes('*'))
  })

  test.each([
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '.*',
    '**',
    '*.*',
    '*.a',
    'a*',
    'a.b*',
    'a.*.b',
    'a.*.*',
    ' a',
    'a ',
    'a b',
    'a\n',
    'a\0',
    'a/b',
    'a,b',
    'a"b',
    'ä',
    'а.b',
    'a\u2024b',
    '\ud800',
    'x'.repeat(101),
    `${'x'.repeat(99)}.*`,
    'a.'.repeat(500_000),
  ])('refuses %j', (text) => {
    expect(parseScope(text)).toMatchObject({ ok: false, error: expect.stringMatching(/^A scope /) })
    expect(isPlainScope(text)).toBe(false)
  })

  test.each([[undefined], [null], [1], [['a']], [{ $ne: null }], [Object('a')]])(
    'refuses %j, which is no string',
    (value) => {
      expect(parseScope(value)).toMatchObject({ ok: false, error: expect.stringContaining('must be a string') })
      expect(isPlainScope(value)).toBe(false)
    },
  )

  test('takes whatever is built by the grammar', () => {
    fc.assert(
      fc.property(scope, (text) => {
        expect(parseScope(text).ok).toBe(true)
      }),
    )
  })
})

describe('covers', () => {
  test.each([
    ['metrics', 'metrics', true],
    ['metrics', 'metrics.read', false],
    ['metrics.read', 'metrics', false],
    ['metrics.read', 'metrics.read.all', false],
    ['metrics.*', 'metrics', false],
    ['metrics.*', 'metrics.read', true],
    ['metrics.*', 'metrics.read.all', true],
    ['metrics.*', 'metricsX.read', false],
    ['metrics.*', 'metrics.*', true],
    ['metrics.*', 'metrics.read.*', true],
    ['metrics.*', 'metricsX.*', false],
    ['metrics.*', '*', false],
    ['metrics.read.*', 'metrics.*', false],
    ['metrics.read', 'metrics.*', false],
    ['*', 'metrics', true],
    ['*', 'metrics.*', true],
    ['*', '*', true],
    ['metrics.read', 'Metrics.read', false],
    ['metrics*', 'metricsX', false],
    ['metrics*', 'metrics.read', false],
    ['a', '__proto__', false],
    ['a', 'constructor', false],
  ])('%s covers %s: %s', (held, asked, expected) => {
    expect(compileScopes([held]).covers(asked)).toBe(expected)
  })

  test('agrees with the rule on segments', () => {
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 5 }), scope, (held, asked) => {
        expect(compileScopes(held).covers(asked)).toBe(held.some((one) => coveredByOne(one, asked)))
      }),
      { numRuns: 2000 },
    )
  })

  test('a covered wildcard brings nothing that is not covered', () => {
    fc.assert(
      fc.property(fc.array(scope, { maxLength: 4 }), scope, plain, (held, given, asked) => {
        const vacuous = !compileScopes(held).covers(given) || !compileScopes([given]).covers(asked)
        expect(vacuous || compileScopes(held).covers(asked)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('later changes to the list that was compiled change nothing', () => {
    const held = ['a']
    const set = compileScopes(held)
    held.push('b', '*')
    expect(set.covers('b')).toBe(false)
  })
})

describe('isGrantable', () => {
  const declared = ['reports.read', 'reports.write', 'admin']

  test.each([
    ['reports.read', true],
    ['admin', true],
    ['reports.*', true],
    ['*', true],
    ['report.read', false],
    ['reports', false],
    ['reports.read.*', false],
    ['admin.*', false],
    ['repo.*', false],
  ])('%s: %s', (scope, expected) => {
    expect(isGrantable(scope, declared)).toBe(expected)
    expect(isGrantable(scope, undefined)).toBe(true)
    expect(isGrantable(scope, [])).toBe(false)
  })
})

describe('coversAll', () => {
  test('is whether each is covered', () => {
    const set = compileScopes(['a.read', 'b.*'])
    expect(set.coversAll([])).toBe(true)
    expect(set.coversAll(['a.read', 'b.x'])).toBe(true)
    expect(set.coversAll(['a.read', 'c'])).toBe(false)
    const refused = Object.freeze(['c'])
    expect([set.coversAll(refused), set.coversAll(refused)]).toEqual([false, false])
  })

  test('takes no list for the one that it was when it was asked before, unless that cannot change', () => {
    const set = compileScopes(['a.read'])
    const asked = ['a.read']
    expect(set.coversAll(asked)).toBe(true)
    asked.push('a.write')
    expect(set.coversAll(asked)).toBe(false)
    const frozen = Object.freeze(['a.read'])
    expect([set.coversAll(frozen), set.coversAll(frozen), set.coversAll(asked)]).toEqual([true, true, false])
  })
})
