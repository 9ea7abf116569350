import { isAlive } from '../token/record.js'
import { isTickBefore } from './clock.js'
import type { Entry, Secret } from './entry.js'

// What of an entry counts at a moment.

/** `at`: since `ORIGIN`. */
export function isSound(entry: Entry, at: number): boolean {
  return at >= entry.loadedAt && at < entry.soundUntil && isTickBefore(entry.soundUntilTick)
}

/** The living secret that was proven for this digest. */
export function secretWithDigest(entry: Entry, digest: string, now: number): Secret | undefined {
  const { previous } = entry
  const secret = entry.digest === digest ? entry : previous?.digest === digest ? previous : undefined
  return secret !== undefined && isAlive(secret, now) ? secret : undefined
}

/** The living secret that the tag speaks of, proven or not. */
export function secretWithTag(entry: Entry, tag: string, now: number): Secret | undefined {
  const { previous } = entry
  if (entry.tag === tag && isAlive(entry, now)) return entry
  return previous !== undefined && previous.tag === tag && isAlive(previous, now) ? previous : undefined
}
