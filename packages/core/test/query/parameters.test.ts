import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseFields, parsePageSize, parseSort } from '../../src/query/parameters.js'

describe('page size', () => {
  const BOUNDS = { min: 100, max: 10_000 }
  const REFUSED = { ok: false, error: 'must be a whole number from 100 to 10000' }

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
    expect(parsePageSize(text, BOUNDS)).toEqual(REFUSED)
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
        const good =
          Number.isInteger(number) && String(number) === input && number >= BOUNDS.min && number <= BOUNDS.max
        expect(parsePageSize(input, BOUNDS)).toEqual(good ? { ok: true, value: number } : REFUSED)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('sort', () => {
  const KEYS = { name: 'name', creationDate: 'createdAt' } as const
  const REFUSED = { ok: false, error: 'must be one of name, creationDate, with + or - in front or without' }

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
    expect(parseSort(text, KEYS)).toEqual(REFUSED)
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
})

describe('fields', () => {
  const KNOWN = ['id', 'name', 'enabled', 'owner', 'scopes', 'seen']
  const DEFAULTS = ['id', 'name', 'owner']

  function read(text: string): string {
    const result = parseFields(text, KNOWN, DEFAULTS)
    return result.ok ? result.value.join(' ') : result.error
  }

  describe('accepted', () => {
    test.each([
      ['name', 'id name'],
      ['id', 'id'],
      ['seen,scopes', 'id scopes seen'],
      ['seen, scopes', 'id scopes seen'],
      ['+scopes', 'id name owner scopes'],
      ['-owner', 'id name'],
      ['+scopes,-owner,+seen', 'id name scopes seen'],
      ['+name', 'id name owner'],
      ['-seen', 'id name owner'],
      ['-id', 'id name owner'],
      ['-name,-owner', 'id'],
      [' scopes', 'id name owner scopes'],
      [' scopes, seen', 'id name owner scopes seen'],
      ['-owner, seen', 'id name seen'],
      ['+scopes, +seen, -owner', 'id name scopes seen'],
    ])('%j', (text, expected) => {
      expect(read(text)).toBe(expected)
    })
  })

  describe('refused', () => {
    const known = 'known are id, name, enabled, owner, scopes, seen'
    test.each([
      ['', 'must not be empty'],
      [' ', "a field's name is missing at character 2"],
      ['+', "a field's name is missing at character 2"],
      ['name,', "a field's name is missing at character 6"],
      [',name', "a field's name is missing at character 1"],
      ['name,,id', "a field's name is missing at character 6"],
      ['+name,-', "a field's name is missing at character 8"],
      ['name,nope', `unknown field nope at character 6; ${known}`],
      ['+name, -nope', `unknown field nope at character 9; ${known}`],
      ['Name', `unknown field Name at character 1; ${known}`],
      ['name ', `unknown field at character 1; ${known}`],
      ['++name', `unknown field at character 2; ${known}`],
      ['+ name', `unknown field at character 2; ${known}`],
      ['__proto__', `unknown field at character 1; ${known}`],
      ['lk.AAAA', `unknown field at character 1; ${known}`],
      ['name,owner,name', 'field name is given a second time at character 12'],
      ['id,name,enabled,owner,scopes,seen,id', 'field id is given a second time at character 35'],
      ['+seen,-seen', 'field seen is given a second time at character 8'],
      ['name,+seen', 'field seen at character 7 mixes a plain list with one of + and -'],
      ['name,-seen', 'field seen at character 7 mixes a plain list with one of + and -'],
      ['+name,seen', 'field seen at character 7 mixes a plain list with one of + and -'],
      [' name,seen', 'field seen at character 7 mixes a plain list with one of + and -'],
    ])('%j', (text, expected) => {
      expect(read(text)).toBe(expected)
    })
  })

  const names = fc
    .subarray(KNOWN, { minLength: 1 })
    .chain((subset) => fc.shuffledSubarray(subset, { minLength: subset.length }))

  test('a plain list, in any order, gives those fields in the order of the resource, the id first', () => {
    fc.assert(
      fc.property(names, (list) => {
        const value = KNOWN.filter((field) => field === 'id' || list.includes(field))
        expect(parseFields(list.join(','), KNOWN, DEFAULTS)).toEqual({ ok: true, value })
      }),
    )
  })

  test('a signed list adds to and takes from the defaults, also when every + arrives as a blank', () => {
    fc.assert(
      fc.property(names, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (list, plus) => {
        const text = list.map((field, i) => (plus[i] ? '+' : '-') + field).join(',')
        const value = KNOWN.filter((field) => {
          const place = list.indexOf(field)
          return field === 'id' || (place < 0 ? DEFAULTS.includes(field) : plus[place])
        })
        expect(parseFields(text, KNOWN, DEFAULTS)).toEqual({ ok: true, value })
        expect(parseFields(text.replaceAll('+', ' '), KNOWN, DEFAULTS)).toEqual({ ok: true, value })
      }),
    )
  })

  test('never throws, also for a long text', () => {
    const pieces = fc.array(fc.constantFrom('+', '-', ' ', ',', '😀', 'nope', ...KNOWN)).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), pieces), (text) => {
        const result = parseFields(text, KNOWN, DEFAULTS)
        if (result.ok) expect(result.value[0]).toBe('id')
        else expect(result.error).not.toBe('')
      }),
      { numRuns: 2000 },
    )
    expect(read('name,'.repeat(1_000_000))).toBe('field name is given a second time at character 6')
    expect(read(' '.repeat(1_000_000))).toBe("a field's name is missing at character 1000001")
  })
})
