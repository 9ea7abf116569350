import { LRUCache } from 'lru-cache'
import type { Moment } from './clock.js'
import type { Entry, Proof } from './entry.js'
import { createShortcuts } from './shortcuts.js'

/** Unknown ids are remembered apart, so that junk never evicts a good token. */
const MOST_UNKNOWN = 10_000

/**
 * What this process knows of tokens, keyed by id. Age is judged by the verifier, against its own clock: lru-cache's
 * `ttl` is not used. Keys come from records, never from requests: a slice of a token would keep all of it in memory.
 */
export interface TokenCache {
  entry(id: string): Entry | undefined
  /**
   * What may be the entry of this text, which is as long as a token. It is if the text has the digest of its proven
   * secret: the digest is that of the whole token, id and all.
   */
  guess(text: string): Entry | undefined
  /** Guesses keep no order of use: without this, a token in use could be the next to be pushed out. */
  noteUse(entry: Entry): void
  /** The entry, or what is left of a dropped one. */
  remains(id: string): Entry | undefined
  /** When the id was last found missing in the store, if it was. */
  missing(id: string): Moment | undefined
  put(entry: Entry): void
  putMissing(id: string, moment: Moment): void
  /** Remembers a proof for the entry's token, whether the entry is still the cached one or not. */
  addProof(entry: Entry, proof: Proof): void
  hasProof(id: string, proof: Proof): boolean
  /** `true` for the first caller with this id. */
  claimRehash(id: string): boolean
  /** Forgets the record, keeps the proofs: they are bound to a stored hash, and void if that changes. */
  drop(id: string): void
  dropAll(): void
  dropOwner(owner: string): void
  readonly size: number
}

/** `idLength`: that of all ids. */
export function createTokenCache(max: number, idLength: number): TokenCache {
  const shortcuts = createShortcuts(max, idLength)
  const entries = new LRUCache<string, Entry>({ max, dispose: outlived })
  const missing = new LRUCache<string, Moment>({ max: Math.min(max, MOST_UNKNOWN) })

  /** How many have come so far. Until the next one comes, nothing can be pushed out, and no order of use is needed. */
  let came = 0

  function add(entry: Entry): void {
    const { id } = entry
    if (!entries.has(id)) came++
    entry.notedAt = came
    entries.set(id, entry)
  }

  function drop(entry: Entry): void {
    entry.dropped = true
  }

  /** It was pushed out, deleted or replaced: no invalidation will find it any more. */
  function outlived(entry: Entry): void {
    drop(entry)
    shortcuts.forget(entry)
  }

  return {
    entry(id) {
      const entry = entries.get(id)
      if (entry === undefined || entry.dropped) return undefined
      shortcuts.keep(entry)
      return entry
    },
    guess(text) {
      const entry = shortcuts.guess(text)
      return entry === undefined || entry.dropped ? undefined : entry
    },
    noteUse(entry) {
      if (entry.notedAt === came) return
      entry.notedAt = came
      entries.get(entry.id)
    },
    remains: (id) => entries.peek(id),
    missing: (id) => missing.get(id),
    put(entry) {
      add(entry)
      shortcuts.keep(entry)
      missing.delete(entry.id)
    },
    putMissing(id, moment) {
      entries.delete(id)
      missing.set(id, moment)
    },
    addProof(entry, proof) {
      const { id } = entry.token
      const place = entries.peek(id) ?? entry
      if (!entries.has(id)) {
        // It was kept out, or pushed out: its proofs alone may stay.
        drop(entry)
        add(entry)
      }
      const secret = [place, place.previous].find((candidate) => candidate?.hash === proof.hash)
      if (secret === undefined) place.spare = proof
      else secret.digest = proof.digest
    },
    hasProof(id, { hash, digest }) {
      const place = entries.peek(id)
      return [place, place?.previous, place?.spare].some((proof) => proof?.hash === hash && proof.digest === digest)
    },
    claimRehash(id) {
      const place = entries.peek(id)
      if (place === undefined || place.rehashed) return false
      place.rehashed = true
      return true
    },
    drop(id) {
      const entry = entries.peek(id)
      if (entry !== undefined) drop(entry)
      missing.delete(id)
    },
    dropAll() {
      for (const entry of entries.values()) drop(entry)
      missing.clear()
    },
    dropOwner(owner) {
      for (const entry of entries.values()) {
        if (entry.token.personal && entry.token.owner === owner) drop(entry)
      }
    },
    get size() {
      return entries.size
    },
  }
}
