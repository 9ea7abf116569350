import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

/**
 * The least that a verification of a cached opaque token can do: take the token apart, hash it, get the cache entry,
 * compare. It checks no expiry, no network and no scopes, and notes no use.
 */
export function floor(tokens: readonly string[]): (token: string) => boolean {
  const cache = new LRUCache<string, { digest: string }>({ max: 50_000 })
  const sample = tokens[0] ?? ''
  const tokenLength = sample.length
  const idLength = sample.lastIndexOf('.')
  const head = sample.slice(0, sample.indexOf('.') + 1)
  for (const token of tokens) cache.set(token.slice(0, idLength), { digest: hash('sha256', token, 'hex') })
  return (token) => {
    if (token.length !== tokenLength || token.charCodeAt(idLength) !== 46 || !token.startsWith(head)) return false
    const entry = cache.get(token.slice(0, idLength))
    return entry !== undefined && entry.digest === hash('sha256', token, 'hex')
  }
}
