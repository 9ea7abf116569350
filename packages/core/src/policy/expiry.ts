/**
 * Whether something with this expiry is dead: from the very moment of its expiry on. Both in epoch milliseconds.
 * `undefined` never expires; whatever else is no finite number counts as expired.
 */
export function isExpired(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && !(Number.isFinite(expiresAt) && now < expiresAt)
}
