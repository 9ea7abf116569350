/**
 * Turns a secret into a PHC string for the store, and proves a presented secret against one. Secrets are random (285
 * bits), so a hasher need not stretch them; it only has to be one-way.
 */
export interface Hasher {
  /** The PHC identifier of the strings that it makes. */
  readonly id: string
  /** `true`: a run takes milliseconds, so runs wait in the bounded proof queue. `false`: microseconds. */
  readonly slow: boolean
  /** A PHC string of at most 256 characters. */
  hash(secret: string): Promise<string>
  /**
   * Whether the secret belongs to the string. Answers `false`, never throws, for strings that are malformed, of
   * another kind, or above its cost limits.
   */
  verify(secret: string, phc: string): Promise<boolean>
  /** Whether the string is of this hasher's kind, at whatever parameters, and this hasher is the one to judge it. */
  recognizes(phc: string): boolean
  /** Whether the string was made as this hasher would make it today. */
  isCurrent(phc: string): boolean
}
