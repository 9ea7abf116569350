import { now } from './api'
import type { Actor, Token } from './types'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
const zoned = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
const numbers = new Intl.NumberFormat('en')

/** Each unit, from the distance on from which it says enough. A lifetime of 90 days is told in days. */
const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, length: number, from: number])[] = [
  ['year', 365 * DAY, 360 * DAY],
  ['month', 30 * DAY, 100 * DAY],
  ['day', DAY, 23.5 * HOUR],
  ['hour', HOUR, 59.5 * MINUTE],
  ['minute', MINUTE, 45_000],
]

/** `3 minutes ago`, `in 6 days`. */
export function ago(time: string): string {
  const distance = Date.parse(time) - now()
  const [unit, length] = UNITS.find(([, , from]) => Math.abs(distance) >= from) ?? []
  if (unit === undefined || length === undefined) return distance > 0 ? 'in less than a minute' : 'just now'
  return relative.format(Math.round(distance / length), unit)
}

/** `30 Nov 2026, 21:04:03 CET`. */
export function exactTime(time: string): string {
  const date = new Date(time)
  const zone = zoned.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value
  return `${exact.format(date)} ${zone}`
}

export function count(number: number, noun: string): string {
  return `${numbers.format(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** A text of somebody else inside a sentence: whatever its direction, the rest keeps its own. */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`
}

export function lastUseTitle({ lastUsedAt, lastUsedIp }: Pick<Token, 'lastUsedAt' | 'lastUsedIp'>): string {
  if (lastUsedAt === undefined) return 'Never used'
  return lastUsedIp === undefined ? exactTime(lastUsedAt) : `${exactTime(lastUsedAt)}, from ${lastUsedIp}`
}

export type TokenStatus = 'Active' | 'Rotating' | 'Expired' | 'Disabled'

export function isExpired({ expiresAt }: Pick<Token, 'expiresAt'>): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now()
}

/** All that hold, the gravest first. */
export function statusesOf(token: Token): readonly TokenStatus[] {
  const found: TokenStatus[] = []
  if (isExpired(token)) found.push('Expired')
  if (!token.enabled) found.push('Disabled')
  if (found.length === 0) found.push(token.previousSecret === undefined ? 'Active' : 'Rotating')
  return found
}

/** Whether the token lives on, but not for another week. */
export function expiresSoon(token: Pick<Token, 'expiresAt'>): boolean {
  return token.expiresAt !== undefined && !isExpired(token) && Date.parse(token.expiresAt) <= now() + 7 * DAY
}

export function actorName({ kind, id, owner }: Actor): string {
  if (kind === 'host') return 'the host'
  if (kind === 'user') return isolated(owner ?? id ?? 'a person')
  return owner === undefined ? `token ${id}` : `${isolated(owner)}, with token ${id}`
}
