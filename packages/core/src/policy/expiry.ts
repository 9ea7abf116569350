/**
 * Whether the moment `expiresAt` has come. Both are epoch milliseconds. `undefined` never expires. Any other value that is
 * no finite number has expired.
 */
export function isExpired(expiresAt: number | undefined, now: number): boolean {
  return expiresAt !== undefined && !(Number.isFinite(expiresAt) && now < expiresAt)
}
