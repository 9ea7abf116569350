/**
 * Turns a secret into a PHC string for the store, and proves a presented secret against one. Secrets are random (285
 * bits), so a hasher need not stretch them. It only has to be one-way.
 */
export interface Hasher {
  /** The PHC identifier of the strings that it makes. */
  readonly id: string
  /** `true`: a run takes milliseconds, so runs wait in a bounded queue. `false`: microseconds. */
  readonly slow: boolean
  /** Resolves to a PHC string of at most 256 characters. */
  hash(secret: string): Promise<string>
  /**
   * Whether the secret belongs to the string. Resolves to `false`, never rejects, for a string that is malformed, of
   * another kind, or above its cost limits.
   */
  verify(secret: string, phc: string): Promise<boolean>
  /** Whether this hasher can verify the string, whatever its parameters are. */
  recognizes(phc: string): boolean
  /** Whether `hash` would make a string with these parameters today. */
  isCurrent(phc: string): boolean
}

/** What a PHC string was made with: the kind of hash, and the name of its key if it has one (`hmac-sha256:k1`). */
export function kindOfHash(phc: string): string {
  const [, kind, key] = PHC_HEAD.exec(phc) ?? []
  if (kind === undefined) return 'unknown'
  return key === undefined ? kind : `${kind}:${key}`
}

const PHC_HEAD = /^\$([a-z0-9-]{1,32})\$(?:k=([A-Za-z0-9_-]{1,32})\$)?/
