import { hash } from 'node:crypto'

/** SHA-256 of the whole token, as 64 hex digits. It stands in the cache for a proven secret of 285 random bits. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'hex')
}

/** The first 32 bits of a digest. Stored with the record, it refuses all wrong secrets but one in 2^32 at once. */
export function tagOf(digest: string): string {
  return digest.slice(0, 8)
}
