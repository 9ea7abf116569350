import { err, ok, type Result } from '../result.js'
import { addUnits, floorToUnit, isTimeUnit } from './calendar.js'

/** 9999-12-31T23:59:59.999Z, the last millisecond that is written with a year of four digits. */
const MAX_TIME = 253_402_300_799_999
const MAX_LENGTH = 64

const MILLISECONDS = /^[0-9]+$/
const RELATIVE = /^now(?:([-+ ])([0-9]+)([A-Za-z]+))?(?:\/([A-Za-z]+))?$/
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ](.+))?$/
const TIME = /^([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?(?:Z|([-+ ])([0-9]{2}):([0-9]{2}))?$/

const FORMS =
  'must be UTC milliseconds, a date such as 2021-01-25T05:57:01.123+01:00, or a time such as now, now-2h, now+30d or now+1M/d'

/**
 * Reads one point in time, in epoch milliseconds from 1970 to 9999-12-31T23:59:59.999Z:
 *
 * - an integer, or its digits: epoch milliseconds;
 * - `yyyy-MM-dd`, alone or with `T` or a blank and `hh:mm[:ss[.f]]` and `Z` or `±hh:mm`. No zone means UTC; one to nine
 *   digits of fraction, cut to milliseconds; hours end at 23, seconds at 59;
 * - `now`, `now-NU`, `now+NU`, each with an optional `/A`: N units U from `now` (epoch ms), then rounded down to A.
 *
 * A `+` that was not encoded in a query arrives as a blank. After `now` and before an offset no other blank is allowed,
 * so a blank is read as `+` there.
 */
export function parseTimeframe(input: unknown, now: number): Result<number> {
  if (typeof input === 'number') {
    return Number.isInteger(input) ? withinBounds(input) : err('must be a whole number of milliseconds')
  }
  if (typeof input !== 'string') return err('must be a number of milliseconds, or a text such as 2030-01-31 or now+30d')
  if (input.length > MAX_LENGTH) return err(`is longer than ${MAX_LENGTH} characters`)
  if (MILLISECONDS.test(input)) return withinBounds(Number(input))
  return input.startsWith('now') ? parseRelative(input, now) : parseDate(input)
}

function withinBounds(at: number): Result<number> {
  if (at < 0) return err('lies before 1970-01-01T00:00:00.000Z')
  if (at > MAX_TIME) return err('lies after 9999-12-31T23:59:59.999Z')
  return ok(at)
}

function parseRelative(text: string, now: number): Result<number> {
  const match = RELATIVE.exec(text)
  if (!match) return err(FORMS)
  const [, sign, amount, unit, alignment] = match
  for (const name of [unit, alignment]) {
    if (name !== undefined && !isTimeUnit(name)) return err('has an unknown unit: known are m, h, d, w, M and y')
  }
  const moved = unit && isTimeUnit(unit) ? addUnits(now, sign === '-' ? -Number(amount) : Number(amount), unit) : now
  const bounded = withinBounds(moved)
  if (!bounded.ok || !alignment || !isTimeUnit(alignment)) return bounded
  return withinBounds(floorToUnit(moved, alignment))
}

function parseDate(text: string): Result<number> {
  const match = DATE.exec(text)
  if (!match) return err(FORMS)
  const [, year, month, day, clock] = match
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  const midnight = new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  if (!new Date(midnight).toISOString().startsWith(`${year}-${month}-${day}T`)) {
    return err('names a day that does not exist')
  }
  if (clock === undefined) return withinBounds(midnight)
  const time = parseTime(clock)
  return time.ok ? withinBounds(midnight + time.value) : time
}

/** Milliseconds from midnight in UTC of the written day to the written time, with the offset applied. */
function parseTime(text: string): Result<number> {
  const match = TIME.exec(text)
  if (!match) return err(FORMS)
  const [, hour, minute, second = '0', fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return err('names a time of day that does not exist (00:00:00 to 23:59:59)')
  }
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) {
    return err('names an offset that does not exist (-23:59 to +23:59)')
  }
  const offset = Number(offsetHour) * 60 + Number(offsetMinute)
  const minutes = Number(hour) * 60 + Number(minute) - (sign === '-' ? -offset : offset)
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'))
  return ok(minutes * 60_000 + Number(second) * 1000 + milliseconds)
}
