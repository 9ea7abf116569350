import { hash } from 'node:crypto'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * SHA-256 of the whole token, one character for each of its 32 bytes: sooner made and half as long as hex digits. It
 * stands in the cache for a proven secret of 285 random bits.
 */
export function digestOf(token: string): string {
  return hash('sha256', token, 'binary')
}

/** The first 32 bits of a digest, in hex. Stored with the record, it refuses all wrong secrets but one in 2^32 at once. */
export function tagOf(digest: string): string {
  return hexAt(digest, 0) + hexAt(digest, 1) + hexAt(digest, 2) + hexAt(digest, 3)
}

function hexAt(digest: string, index: number): string {
  return HEX[digest.charCodeAt(index)] ?? ''
}
