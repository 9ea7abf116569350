import { LRUCache } from 'lru-cache'
import type { Entry, Proven } from './entry.js'

/** Unknown ids are remembered apart, so that junk never evicts a good token. */
const MOST_UNKNOWN = 10_000

interface Slot {
  entry: Entry | undefined
  proven: Proven[]
  /** A better hash was asked for once; not again by this process. */
  rehashed: boolean
}

/**
 * What this process knows of tokens, keyed by id. Age is judged by the verifier, against its own clock: lru-cache's
 * `ttl` is not used.
 */
export interface TokenCache {
  entry(id: string): Entry | undefined
  /** When the id was last found missing in the store, if it was. */
  missing(id: string): { at: number; tick: number } | undefined
  put(id: string, entry: Entry): void
  putMissing(id: string, moment: { at: number; tick: number }): void
  /** The proofs on record for an id, to be carried into a new entry. */
  proven(id: string): readonly Proven[]
  /** Remembers a proof, in the entry too if it still has that hash. */
  addProof(id: string, proof: Proven): void
  /** `true` for the first caller with this id. */
  claimRehash(id: string): boolean
  /** Forgets the record, keeps the proofs: they are bound to a stored hash, and void if that changes. */
  drop(id: string): void
  dropAll(): void
  dropOwner(owner: string): void
  readonly size: number
}

export function createTokenCache(max: number): TokenCache {
  const slots = new LRUCache<string, Slot>({ max })
  const missing = new LRUCache<string, { at: number; tick: number }>({ max: Math.min(max, MOST_UNKNOWN) })

  function slot(id: string): Slot {
    const known = slots.get(id)
    if (known !== undefined) return known
    const fresh: Slot = { entry: undefined, proven: [], rehashed: false }
    slots.set(id, fresh)
    return fresh
  }

  return {
    entry: (id) => slots.get(id)?.entry,
    missing: (id) => missing.get(id),
    put(id, entry) {
      slot(id).entry = entry
      missing.delete(id)
    },
    putMissing(id, moment) {
      slots.delete(id)
      missing.set(id, moment)
    },
    proven: (id) => slots.peek(id)?.proven ?? [],
    addProof(id, proof) {
      const place = slot(id)
      // Two secrets can live at a time, and each may be about to move to a better hash.
      place.proven = [proof, ...place.proven.filter(({ hash }) => hash !== proof.hash)].slice(0, 4)
      for (const secret of [place.entry?.current, place.entry?.previous]) {
        if (secret !== undefined && secret.hash === proof.hash) secret.digest = proof.digest
      }
    },
    claimRehash(id) {
      const place = slot(id)
      if (place.rehashed) return false
      place.rehashed = true
      return true
    },
    drop(id) {
      const place = slots.peek(id)
      if (place !== undefined) place.entry = undefined
      missing.delete(id)
    },
    dropAll() {
      for (const place of slots.values()) place.entry = undefined
      missing.clear()
    },
    dropOwner(owner) {
      for (const place of slots.values()) {
        if (place.entry?.record.personal === true && place.entry.record.owner === owner) place.entry = undefined
      }
    },
    get size() {
      return slots.size
    },
  }
}
