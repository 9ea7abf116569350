import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTimeframe } from '../../src/query/timeframe.js'

const LATEST = Date.parse('9999-12-31T23:59:59.999Z')
/** A Wednesday. */
const NOW = Date.parse('2024-01-31T10:20:30.456Z')

const instant = fc.integer({ min: 0, max: LATEST })
const unit = fc.constantFrom('m', 'h', 'd', 'w', 'M', 'y')

function read(input: unknown, now = NOW): string {
  const result = parseTimeframe(input, now)
  return result.ok ? new Date(result.value).toISOString() : result.error
}

describe('milliseconds', () => {
  test.each([
    [0, '1970-01-01T00:00:00.000Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
    ['1611550621123', '2021-01-25T04:57:01.123Z'],
    [LATEST, '9999-12-31T23:59:59.999Z'],
    ['253402300799999', '9999-12-31T23:59:59.999Z'],
    [LATEST + 1, 'lies after 9999-12-31T23:59:59.999Z'],
    ['253402300800000', 'lies after 9999-12-31T23:59:59.999Z'],
    ['9'.repeat(64), 'lies after 9999-12-31T23:59:59.999Z'],
    [-1, 'lies before 1970-01-01T00:00:00.000Z'],
    [1.5, 'must be a whole number of milliseconds'],
    [Number.NaN, 'must be a whole number of milliseconds'],
    [Number.POSITIVE_INFINITY, 'must be a whole number of milliseconds'],
    [12n, 'must be a number of milliseconds, or a text such as 2030-01-31 or now+30d'],
    [new Date(0), 'must be a number of milliseconds, or a text such as 2030-01-31 or now+30d'],
    [null, 'must be a number of milliseconds, or a text such as 2030-01-31 or now+30d'],
    [['0'], 'must be a number of milliseconds, or a text such as 2030-01-31 or now+30d'],
  ])('%s', (input, expected) => {
    expect(read(input)).toBe(expected)
  })

  test('number and digits mean the same', () => {
    fc.assert(
      fc.property(instant, (at) => {
        expect(parseTimeframe(at, NOW)).toEqual({ ok: true, value: at })
        expect(parseTimeframe(String(at), NOW)).toEqual({ ok: true, value: at })
      }),
    )
  })
})

describe('dates', () => {
  test.each([
    ['2021-01-25T05:57:01.123+01:00', '2021-01-25T04:57:01.123Z'],
    ['2021-01-25 05:57:01.123+01:00', '2021-01-25T04:57:01.123Z'],
    ['2021-01-25T05:57:01.123 01:00', '2021-01-25T04:57:01.123Z'],
    ['2021-01-25 05:57 01:00', '2021-01-25T04:57:00.000Z'],
    ['2021-01-25T05:57:01-09:30', '2021-01-25T15:27:01.000Z'],
    ['2021-01-25T05:57:01-00:00', '2021-01-25T05:57:01.000Z'],
    ['2021-01-25T05:57:01Z', '2021-01-25T05:57:01.000Z'],
    ['2021-01-25T05:57', '2021-01-25T05:57:00.000Z'],
    ['2021-01-25 01:00', '2021-01-25T01:00:00.000Z'],
    ['2021-01-25', '2021-01-25T00:00:00.000Z'],
    ['2021-01-25T05:57:01.9999', '2021-01-25T05:57:01.999Z'],
    ['2021-01-25T05:57:01.1', '2021-01-25T05:57:01.100Z'],
    ['2021-01-25T05:57:01.123456789Z', '2021-01-25T05:57:01.123Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
  ])('%s', (input, expected) => {
    expect(read(input)).toBe(expected)
  })

  test.each([
    '2021-02-30',
    '2023-02-29',
    '2100-02-29',
    '2021-04-31',
    '2021-13-01',
    '2021-00-10',
    '2021-01-00',
    '0099-02-30',
  ])('%s does not exist', (input) => {
    expect(read(input)).toBe('names a day that does not exist')
    expect(read(`${input}T00:00Z`)).toBe('names a day that does not exist')
  })

  test.each(['24:00', '24:00:00', '23:60', '23:59:60'])('the time of day %s does not exist', (time) => {
    expect(read(`2021-01-25T${time}`)).toBe('names a time of day that does not exist (00:00:00 to 23:59:59)')
  })

  test.each(['+24:00', '-01:60'])('the offset %s does not exist', (offset) => {
    expect(read(`2021-01-25T00:00${offset}`)).toBe('names an offset that does not exist (-23:59 to +23:59)')
  })

  test.each([
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['1970-01-01T00:30+01:00', 'lies before 1970-01-01T00:00:00.000Z'],
    ['1969-12-31T23:30-01:00', '1970-01-01T00:30:00.000Z'],
    ['1969-12-31', 'lies before 1970-01-01T00:00:00.000Z'],
    ['0099-01-01', 'lies before 1970-01-01T00:00:00.000Z'],
    ['0000-01-01', 'lies before 1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59.999+00:01', '9999-12-31T23:58:59.999Z'],
    ['9999-12-31T23:59:59.999-00:01', 'lies after 9999-12-31T23:59:59.999Z'],
  ])('bounds hold for the instant, not for what is written: %s', (input, expected) => {
    expect(read(input)).toBe(expected)
  })

  test.each([
    '',
    ' ',
    'tomorrow',
    '-5',
    '1e3',
    '0x10',
    '٣',
    ' 2021-01-25',
    '2021-01-25 ',
    '2021-01-25\n',
    '2021-1-25',
    '21-01-25',
    '+002021-01-25',
    '2021-01-25T',
    '2021-01-25Z',
    '2021-01-25+01:00',
    '2021-01-25t05:57z',
    '2021-01-25T05',
    '2021-01-25T05:57.5',
    '2021-01-25T05:57:01.',
    '2021-01-25T05:57:01,5',
    '2021-01-25T05:57:01.1234567890',
    '2021-01-25T05:57+0100',
    '2021-01-25T05:57+01',
    '2021-01-25T05:57Z+01:00',
    '2021-01-25  05:57',
  ])('%j is no form of a time', (input) => {
    expect(read(input)).toMatch(/^must be UTC milliseconds, a date such as /)
  })

  test('reads back what Date writes, at any offset, with any fraction', () => {
    const offset = fc.integer({ min: -1439, max: 1439 })
    fc.assert(
      fc.property(
        instant,
        offset,
        fc.stringMatching(/^[0-9]{0,9}$/),
        fc.boolean(),
        fc.boolean(),
        (at, minutes, digits, blank, unencoded) => {
          const second = at - (at % 1000)
          const written = new Date(second + minutes * 60_000).toISOString()
          fc.pre(/^\d{4}-/.test(written))
          const sign = minutes < 0 ? '-' : unencoded ? ' ' : '+'
          const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0')
          const rest = String(Math.abs(minutes) % 60).padStart(2, '0')
          const local = written.slice(0, 19).replace('T', blank ? ' ' : 'T')
          const text = `${local}${digits && `.${digits}`}${sign}${hours}:${rest}`
          const milliseconds = Math.floor(Number(`0.${digits || '0'}`) * 1000 + 1e-7)
          expect(parseTimeframe(text, NOW)).toEqual({ ok: true, value: second + milliseconds })
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('relative times', () => {
  test.each([
    ['now', '2024-01-31T10:20:30.456Z'],
    ['now-30m', '2024-01-31T09:50:30.456Z'],
    ['now+2h', '2024-01-31T12:20:30.456Z'],
    ['now 1d', '2024-02-01T10:20:30.456Z'],
    ['now-0d', '2024-01-31T10:20:30.456Z'],
    ['now-007d', '2024-01-24T10:20:30.456Z'],
    ['now-2w', '2024-01-17T10:20:30.456Z'],
    ['now+1M', '2024-02-29T10:20:30.456Z'],
    ['now+13M', '2025-02-28T10:20:30.456Z'],
    ['now+2M', '2024-03-31T10:20:30.456Z'],
    ['now-2M', '2023-11-30T10:20:30.456Z'],
    ['now-1y', '2023-01-31T10:20:30.456Z'],
    ['now/m', '2024-01-31T10:20:00.000Z'],
    ['now/h', '2024-01-31T10:00:00.000Z'],
    ['now/d', '2024-01-31T00:00:00.000Z'],
    ['now/w', '2024-01-29T00:00:00.000Z'],
    ['now/M', '2024-01-01T00:00:00.000Z'],
    ['now/y', '2024-01-01T00:00:00.000Z'],
    ['now-1y/w', '2023-01-30T00:00:00.000Z'],
    ['now+1M/M', '2024-02-01T00:00:00.000Z'],
  ])('%s', (input, expected) => {
    expect(read(input)).toBe(expected)
  })

  test('a leap day clamps in other years, and stays in leap years', () => {
    const leapDay = Date.parse('2024-02-29T12:00:00Z')
    expect(read('now+1y', leapDay)).toBe('2025-02-28T12:00:00.000Z')
    expect(read('now-4y', leapDay)).toBe('2020-02-29T12:00:00.000Z')
    expect(read('now+76y', leapDay)).toBe('2100-02-28T12:00:00.000Z')
  })

  test.each(['now-1s', 'now-1D', 'now+1mo', 'now/q', 'now-1d/H', 'now-1toString', 'now/constructor'])(
    '%s has an unknown unit',
    (input) => {
      expect(read(input)).toBe('has an unknown unit: known are m, h, d, w, M and y')
    },
  )

  test.each([
    'nowadays',
    'Now',
    'now-',
    'now-d',
    'now-1',
    'now--1d',
    'now-1.5d',
    'now-1d-1h',
    'now/',
    'now /d',
    'now-1d/d/M',
    'now  1d',
    'now ',
    'now*1d',
  ])('%s is no form of a time', (input) => {
    expect(read(input)).toMatch(/^must be UTC milliseconds, a date such as /)
  })

  test('huge amounts leave the bounds instead of overflowing', () => {
    fc.assert(
      fc.property(
        unit,
        fc.stringMatching(/^[1-9][0-9]{10,50}$/),
        fc.constantFrom('', '/w', '/M', '/y'),
        (u, n, align) => {
          expect(read(`now-${n}${u}${align}`)).toBe('lies before 1970-01-01T00:00:00.000Z')
          expect(read(`now+${n}${u}${align}`)).toBe('lies after 9999-12-31T23:59:59.999Z')
        },
      ),
    )
  })

  test('the bounds hold after rounding down too: the first week of 1970 began in 1969', () => {
    const friday = Date.parse('1970-01-02T00:00:00Z')
    expect(read('now/w', friday)).toBe('lies before 1970-01-01T00:00:00.000Z')
    expect(read('now+3d/w', friday)).toBe('1970-01-05T00:00:00.000Z')
  })

  test('fixed units agree with exact integer arithmetic', () => {
    const lengths = { m: 60_000n, h: 3_600_000n, d: 86_400_000n, w: 604_800_000n }
    fc.assert(
      fc.property(
        instant,
        fc.constantFrom<keyof typeof lengths>('m', 'h', 'd', 'w'),
        fc.integer({ min: -200_000, max: 200_000 }),
        (now, u, amount) => {
          const exact = BigInt(now) + BigInt(amount) * lengths[u]
          const result = parseTimeframe(`now${amount < 0 ? '' : '+'}${amount}${u}`, now)
          if (exact < 0n || exact > BigInt(LATEST)) expect(result.ok).toBe(false)
          else expect(result).toEqual({ ok: true, value: Number(exact) })
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('months and years agree with a reading of the written date', () => {
    const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    fc.assert(
      fc.property(instant, fc.constantFrom('M', 'y'), fc.integer({ min: -2000, max: 2000 }), (now, u, amount) => {
        const [year = 0, month = 0, day = 0] = new Date(now).toISOString().slice(0, 10).split('-').map(Number)
        const months = year * 12 + (month - 1) + (u === 'y' ? 12 : 1) * amount
        const targetYear = Math.floor(months / 12)
        const index = months - targetYear * 12
        const leap = index === 1 && targetYear % 4 === 0 && (targetYear % 100 !== 0 || targetYear % 400 === 0)
        const targetDay = Math.min(day, (days[index] ?? 0) + (leap ? 1 : 0))
        const [paddedMonth, paddedDay] = [index + 1, targetDay].map((part) => String(part).padStart(2, '0'))
        const expected = `${targetYear}-${paddedMonth}-${paddedDay}${new Date(now).toISOString().slice(10)}`
        const text = `now${amount < 0 ? '' : '+'}${amount}${u}`
        if (targetYear < 1970) expect(read(text, now)).toMatch(/^lies before/)
        else if (targetYear > 9999) expect(read(text, now)).toMatch(/^lies after/)
        else expect(read(text, now)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  test('alignment cuts the written date, and weeks begin on Monday', () => {
    const zeros = '0000-01-01T00:00:00.000Z'
    const kept = { y: 4, M: 7, d: 10, h: 13, m: 16 }
    fc.assert(
      fc.property(instant, fc.constantFrom<keyof typeof kept>('y', 'M', 'd', 'h', 'm'), (now, u) => {
        expect(read(`now/${u}`, now)).toBe(new Date(now).toISOString().slice(0, kept[u]) + zeros.slice(kept[u]))
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: Date.parse('1970-01-05'), max: LATEST }), (now) => {
        const aligned = read('now/w', now)
        expect(aligned).toMatch(/T00:00:00\.000Z$/)
        expect(new Date(aligned).getUTCDay()).toBe(1)
        expect(now - Date.parse(aligned)).toBeGreaterThanOrEqual(0)
        expect(now - Date.parse(aligned)).toBeLessThan(7 * 86_400_000)
      }),
    )
  })

  test('alignment is idempotent, and never later than its input', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.parse('1970-01-05'), max: LATEST }), unit, (now, u) => {
        const once = parseTimeframe(`now/${u}`, now)
        if (!once.ok) throw new Error(once.error)
        expect(once.value).toBeLessThanOrEqual(now)
        expect(parseTimeframe(`now/${u}`, once.value)).toEqual(once)
      }),
    )
  })
})

test('is bounded in length, and never throws', () => {
  expect(read(`now+${'0'.repeat(58)}1d`)).toBe('2024-02-01T10:20:30.456Z')
  expect(read(`now+${'0'.repeat(59)}1d`)).toBe('is longer than 64 characters')
  expect(read('1'.repeat(1_000_000))).toBe('is longer than 64 characters')
  const anything = fc.oneof(
    fc.anything(),
    fc.string(),
    fc.stringMatching(/^[-+ nowTZ:./0-9mhdwMy]{0,40}$/),
    fc.double(),
  )
  fc.assert(
    fc.property(anything, (input) => {
      const result = parseTimeframe(input, NOW)
      if (result.ok) expect(result.value >= 0 && result.value <= LATEST && Number.isInteger(result.value)).toBe(true)
      else expect(result.error).toMatch(/^[a-z]/)
    }),
    { numRuns: 3000 },
  )
})
