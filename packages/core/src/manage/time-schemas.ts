import { z } from 'zod'
import { quoted } from '../errors.js'
import { parseTimeframe } from '../query/timeframe.js'

/** The clock and the limits of the host. */
export interface TimeRules {
  readonly now: () => number
  /** The longest time from now to a token's expiry, in milliseconds. */
  readonly maxLifetime: number | undefined
  /** The longest time from now to the end of a previous secret, in milliseconds. */
  readonly maxOverlap: number
}

/** The latest expiry that the host allows now. */
export function latestExpiry({ now, maxLifetime }: Pick<TimeRules, 'now' | 'maxLifetime'>): number | undefined {
  return maxLifetime === undefined ? undefined : now() + maxLifetime
}

/** For a token that would never expire on a host that allows no such token. */
export function mustExpire(rules: Pick<TimeRules, 'now' | 'maxLifetime'>): string {
  return `Every token expires here, at the latest on ${iso(latestExpiry(rules) ?? rules.now())}.`
}

/** Why a token cannot get this expiry, `undefined` if it can. */
export function expiryProblem(at: number, rules: Pick<TimeRules, 'now' | 'maxLifetime'>): string | undefined {
  const now = rules.now()
  if (at <= now) return pastProblem(at, now)
  const latest = latestExpiry(rules)
  if (latest === undefined || at <= latest) return undefined
  return `The expiry must not be later than ${iso(latest)}. Read was ${iso(at)}.`
}

function overlapProblem(at: number, { now, maxOverlap }: TimeRules): string | undefined {
  if (at <= now()) return pastProblem(at, now())
  const latest = now() + maxOverlap
  if (at <= latest) return undefined
  return `The previous secret may live until ${iso(latest)} at most. Read was ${iso(at)}.`
}

function pastProblem(at: number, now: number): string {
  return `The time must be in the future. Read was ${iso(at)}.${secondsHint(at, now)}`
}

/** A number of seconds would end every imported key in 1970. */
function keptProblem(at: number, { now }: TimeRules): string | undefined {
  const hint = secondsHint(at, now())
  return hint === '' ? undefined : `Read was ${iso(at)}.${hint} Leave it out where there is none.`
}

function secondsHint(at: number, now: number): string {
  return at < now / 100 ? ' Times are in milliseconds, not seconds.' : ''
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

/** The times of an input: any, an expiry, the end of a previous secret, and one that another system has kept. */
export function timeSchemas(rules: TimeRules) {
  const time = z
    .union([z.number(), z.string()], {
      error: ({ input }) =>
        `Must be a number of milliseconds, or a text such as 2030-01-31 or now+30d, not ${quoted(input)}; of a Date, pass getTime().`,
    })
    .transform((value, context) => {
      const read = parseTimeframe(value, rules.now())
      if (read.ok) return read.value
      context.addIssue(`The time ${read.error}. Read was ${quoted(value)}.`)
      return z.NEVER
    })
    .meta({ description: 'UTC milliseconds, an ISO 8601 date, or a relative time such as `now+30d`.' })
  const checked = (problemOf: (at: number, rules: TimeRules) => string | undefined) =>
    time.superRefine((at, context) => {
      const problem = problemOf(at, rules)
      if (problem !== undefined) context.addIssue(problem)
    })
  return { time, expiry: checked(expiryProblem), overlap: checked(overlapProblem), kept: checked(keptProblem) }
}
