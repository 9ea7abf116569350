import { hash } from 'node:crypto'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * The SHA-256 of a whole token, one character for each of its 32 bytes: half as long as hex digits. It stands for the
 * token in the cache. A token has 285 random bits, so its digest does not reveal it.
 */
export function digestOf(token: string): string {
  return hash('sha256', token, 'binary')
}

/** The first 32 bits of a digest, in hex. The record holds it, so that all wrong secrets but one in 2^32 need no proof. */
export function tagOf(digest: string): string {
  return hexAt(digest, 0) + hexAt(digest, 1) + hexAt(digest, 2) + hexAt(digest, 3)
}

function hexAt(digest: string, index: number): string {
  return HEX[digest.charCodeAt(index)] ?? ''
}
