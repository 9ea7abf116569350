import { UnavailableError } from '../errors.js'
import type { ScopeSet } from '../policy/scopes.js'
import type { EnvironmentStore } from '../store/token-store.js'
import type { TokenRecord } from '../types.js'
import type { TokenCache } from './cache.js'
import type { Clock, Moment } from './clock.js'
import { scopeSet } from './compiled.js'
import { type Entry, makeEntry } from './entry.js'

export type OwnerScopes = (owner: string) => Promise<readonly string[] | undefined>

/** Reads records from the store into the cache: one read per id at a time, none of which outlives an invalidation. */
export interface Loader {
  /**
   * The entry as the store has it, or `undefined` if there is no such token. Joins a read that is under way and began
   * less than `ttl` ago, unless `fresh` asks for one that begins now.
   */
  load(id: string, fresh?: boolean): Promise<Entry | undefined>
  /** Changes happened: forget these ids, or everything. Reads under way serve those who wait, and are not cached. */
  invalidate(ids: readonly string[] | 'all'): void
  forgetOwner(owner: string): void
  readonly reads: number
}

interface Flight {
  readonly begun: Moment
  outdated: boolean
  result: Promise<Entry | undefined>
}

export function createLoader(
  store: () => Promise<EnvironmentStore>,
  cache: TokenCache,
  { clock, ttl, ownerScopes }: { clock: Clock; ttl: number; ownerScopes: OwnerScopes | undefined },
): Loader {
  const flights = new Map<string, Flight>()
  let reads = 0

  async function read(id: string, flight: Flight): Promise<Entry | undefined> {
    try {
      const environment = await store()
      reads++
      const record = await environment.find(id)
      if (record === undefined) {
        if (!flight.outdated) cache.putMissing(id, flight.begun)
        return undefined
      }
      const entry = makeEntry(record, await scopesOfOwner(record), cache.remains(id), flight.begun, ttl)
      if (!flight.outdated) cache.put(entry)
      return entry
    } finally {
      if (flights.get(id) === flight) flights.delete(id)
    }
  }

  async function scopesOfOwner(record: TokenRecord): Promise<ScopeSet | 'unknown' | undefined> {
    if (!record.personal || ownerScopes === undefined) return undefined
    let scopes: readonly string[] | undefined
    try {
      scopes = await ownerScopes(record.owner)
    } catch (cause) {
      throw new UnavailableError('ERR_OWNER_SCOPES', 'The scopes of the token owner could not be determined', { cause })
    }
    if (scopes === undefined) return 'unknown'
    if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) {
      throw new UnavailableError('ERR_OWNER_SCOPES', 'ownerScopes must resolve to a list of scopes or undefined')
    }
    return scopeSet(scopes)
  }

  function outdate(id: string): void {
    const flight = flights.get(id)
    if (flight === undefined) return
    flight.outdated = true
    flights.delete(id)
  }

  return {
    load(id, fresh = false) {
      const known = flights.get(id)
      if (known !== undefined && !fresh && clock.isRecent(known.begun.at, known.begun.tick, ttl)) return known.result
      outdate(id)
      const flight: Flight = { begun: clock.moment(), outdated: false, result: Promise.resolve(undefined) }
      flights.set(id, flight)
      flight.result = read(id, flight)
      return flight.result
    },
    invalidate(ids) {
      if (ids === 'all') {
        cache.dropAll()
        for (const id of [...flights.keys()]) outdate(id)
        return
      }
      for (const id of ids) {
        cache.drop(id)
        outdate(id)
      }
    },
    forgetOwner(owner) {
      cache.dropOwner(owner)
      for (const id of [...flights.keys()]) outdate(id)
    },
    get reads() {
      return reads
    },
  }
}
