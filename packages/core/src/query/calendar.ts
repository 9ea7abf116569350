/** Units of time as the list language writes them: minute, hour, day, week, month, year. Case matters. */
export type TimeUnit = 'm' | 'h' | 'd' | 'w' | 'M' | 'y'

const DAY = 86_400_000
const FIXED = { m: 60_000, h: 3_600_000, d: DAY, w: 7 * DAY }
const MONTHS = { M: 1, y: 12 }

/** Epoch milliseconds of 1970-01-05, a Monday: weeks begin on Mondays (ISO 8601). */
const FIRST_MONDAY = 4 * DAY

export function isTimeUnit(text: string): text is TimeUnit {
  return Object.hasOwn(FIXED, text) || Object.hasOwn(MONTHS, text)
}

/**
 * Moves a time by a whole, possibly negative amount of units, in UTC. Months and years keep the day of the month, or
 * clamp it to the month's last. Infinite where a `Date` cannot follow.
 */
export function addUnits(at: number, amount: number, unit: TimeUnit): number {
  if (unit !== 'M' && unit !== 'y') return at + amount * FIXED[unit]
  const date = new Date(at)
  const day = date.getUTCDate()
  date.setUTCMonth(date.getUTCMonth() + amount * MONTHS[unit])
  // A day that the month lacks rolled over into the next one; day 0 is the last of the month before.
  if (date.getUTCDate() !== day) date.setUTCDate(0)
  return Number.isNaN(date.getTime()) ? amount * Infinity : date.getTime()
}

/** The latest begin of a unit, in UTC, that is not after `at`. `at` must not lie before 1970; the result may. */
export function floorToUnit(at: number, unit: TimeUnit): number {
  const date = new Date(at)
  if (unit === 'y') return Date.UTC(date.getUTCFullYear(), 0)
  if (unit === 'M') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
  const origin = unit === 'w' ? FIRST_MONDAY : 0
  return origin + Math.floor((at - origin) / FIXED[unit]) * FIXED[unit]
}
