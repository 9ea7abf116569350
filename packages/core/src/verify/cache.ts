import { LRUCache } from 'lru-cache'
import { kindOfHash } from '../secret/hasher.js'
import { isActive } from '../token/record.js'
import type { StoredSecret } from '../types.js'
import type { Clock, Moment } from './clock.js'
import type { Entry } from './entry.js'
import { type LastUse, unused } from './usage.js'

/** How many entries that were read last, and ids without one, are kept. Proven ones stay besides: junk evicts none. */
const MAX_RECENT = 10_000

/** A secret that was proven right. That it matches a stored hash stays true, whatever happens to the record. */
export interface Proof {
  /** The stored hash that the secret was proven against. */
  readonly hash: string
  /** The hash of the same secret that is to replace the stored one. */
  readonly nextHash: string | undefined
  /** Where the secret was last found. Counts only while it is cached and recent. */
  entry: Entry
  /** The secret stops working at this moment. */
  until: number | undefined
  readonly lastUse: LastUse
}

/**
 * What this process knows of tokens. Proven secrets are found by the digest of the whole token, which is all that a hit
 * needs. Entries are found by id, for all other requests and for invalidations.
 */
export interface TokenCache {
  /** The proof for the token with this digest, if the secret lives and its entry is recent. */
  hit(digest: string, now: number): Proof | undefined
  /** The cached entry, if its read began less than `maxAge` ms ago. */
  entry(id: string, now: number, maxAge?: number): Entry | undefined
  /** Whether the store was found to have no such token, less than `ttl` ms ago. */
  isUnknown(id: string, now: number): boolean
  /** Caches an entry, in place of an older one. */
  put(entry: Entry): void
  putUnknown(id: string, readAt: Moment): void
  /**
   * The proof that this secret of the entry is held by the token with this digest, if it was made. From then on it
   * leads to this entry.
   */
  findProof(digest: string, entry: Entry, secret: StoredSecret): Proof | undefined
  /** `nextHash`: the hash that is to replace the stored one. */
  addProof(digest: string, entry: Entry, secret: StoredSecret, nextHash: string | undefined): void
  /** Forgets what the store said of this id. Proofs stay. */
  drop(id: string): void
  dropAll(): void
  /** Forgets the personal tokens of this owner. */
  dropOwner(owner: string): void
  /** How many entries have a proven secret. */
  readonly size: number
  /** The stored hashes of the cached entries by their kind. Goes through all of them. */
  hashes(): Readonly<Record<string, number>>
  /** The cached entries whose current secret is of a foreign format, by its name. Goes through all of them. */
  foreign(): Readonly<Record<string, number>>
}

/** `max`: how many proven secrets are kept. `ttl`: the age in ms from which on an entry does not count any more. */
export function createTokenCache({ max, ttl, clock }: { max: number; ttl: number; clock: Clock }): TokenCache {
  /** By digest. An entry leaves the cache with its proof. */
  const proofs = new LRUCache<string, Proof>({
    max,
    noDisposeOnSet: true,
    dispose: ({ entry }) => remove(entry.token.id),
  })
  /** By id: the entries that proofs lead to. */
  const proven = new Map<string, Entry>()
  /**
   * By id: the entries that were read last. A proven one is not taken out, because `delete` empties a cache that has no
   * other entry, in as many steps as its `max`: a first use would take twice as long.
   */
  const recent = new LRUCache<string, Entry>({
    max: Math.min(max, MAX_RECENT),
    dispose: (entry, id, reason) => {
      if (reason === 'evict' && !proven.has(id)) entry.isCached = false
    },
  })
  const unknown = new LRUCache<string, Moment>({ max: Math.min(max, MAX_RECENT) })

  function remove(id: string): void {
    const entry = proven.get(id) ?? recent.peek(id)
    if (entry === undefined) return
    entry.isCached = false
    proven.delete(id)
    recent.delete(id)
  }

  /** Makes a proof lead to an entry that the cache holds. */
  function connect(proof: Proof, entry: Entry, { until }: StoredSecret): void {
    proof.entry = entry
    proof.until = until
    proven.set(entry.token.id, entry)
  }

  function entries(): Entry[] {
    return [...new Set([...proven.values(), ...recent.values()])]
  }

  return {
    hit(digest, now) {
      const proof = proofs.get(digest)
      if (proof === undefined) return undefined
      const { isCached, readAt } = proof.entry
      return isCached && clock.isRecent(readAt, ttl, now) && isActive(proof, now) ? proof : undefined
    },
    entry(id, now, maxAge = ttl) {
      const entry = proven.get(id) ?? recent.get(id)
      return entry !== undefined && clock.isRecent(entry.readAt, maxAge, now) ? entry : undefined
    },
    isUnknown(id, now) {
      const readAt = unknown.get(id)
      return readAt !== undefined && clock.isRecent(readAt, ttl, now)
    },
    put(entry) {
      const { id } = entry.token
      remove(id)
      unknown.delete(id)
      recent.set(id, entry)
      entry.isCached = true
    },
    putUnknown(id, readAt) {
      remove(id)
      unknown.set(id, readAt)
    },
    findProof(digest, entry, secret) {
      const proof = proofs.get(digest)
      if (proof === undefined || (secret.hash !== proof.hash && secret.hash !== proof.nextHash)) return undefined
      if (entry.isCached) connect(proof, entry, secret)
      return proof
    },
    addProof(digest, entry, secret, nextHash) {
      const lastUse = unused(entry.token.id, secret.gen, secret.format)
      const proof = { hash: secret.hash, nextHash, entry, until: secret.until, lastUse }
      proofs.set(digest, proof)
      if (entry.isCached) connect(proof, entry, secret)
    },
    drop(id) {
      remove(id)
      unknown.delete(id)
    },
    dropAll() {
      for (const entry of entries()) entry.isCached = false
      proven.clear()
      recent.clear()
      unknown.clear()
    },
    dropOwner(owner) {
      for (const entry of entries()) {
        if (entry.token.personal && entry.token.owner === owner) remove(entry.token.id)
      }
    },
    get size() {
      return proven.size
    },
    hashes: () => countBy(entries().flatMap(({ secrets }) => secrets.map(({ hash }) => kindOfHash(hash)))),
    foreign: () => countBy(entries().flatMap(({ token }) => token.format ?? [])),
  }
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
