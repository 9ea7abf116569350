import type { EnvironmentStore } from '../store/token-store.js'
import type { TokenCache } from './cache.js'
import type { Clock, Moment } from './clock.js'
import { createCompiler } from './compiler.js'
import { createEntry, type Entry } from './entry.js'
import { compileOwnerScopes, type OwnerScopesOptions } from './owner-scopes.js'

/**
 * Reads records from the store into the cache. Those who want the same record share one read. A read that an
 * invalidation overtakes still answers those who wait for it, but is not cached.
 */
export interface Loader {
  /**
   * The entry as the store has it, or `undefined` if there is no such token. Joins a read that is under way and began
   * less than `ttl` ago, unless `fresh` asks for one that begins now.
   */
  load(id: string, fresh?: boolean): Promise<Entry | undefined>
  /** These tokens were changed, or any: forgets them. Reads under way answer those who wait, and are not cached. */
  invalidate(ids: readonly string[] | 'all'): void
  /** Forgets the personal tokens of this owner. */
  forgetOwner(owner: string): void
  /** How many records were read. */
  readonly reads: number
}

export interface LoaderOptions extends OwnerScopesOptions {
  readonly clock: Clock
  /** In ms. */
  readonly ttl: number
}

/** A read under way. */
interface Flight {
  readonly begun: Moment
  /** An invalidation or a later read came in between: the result must not be cached. */
  isOutdated: boolean
  result: Promise<Entry | undefined>
}

export function createLoader(
  store: () => Promise<EnvironmentStore>,
  cache: TokenCache,
  options: LoaderOptions,
): Loader {
  const { clock, ttl } = options
  const compiler = createCompiler()
  const flights = new Map<string, Flight>()
  let reads = 0

  async function read(id: string, flight: Flight): Promise<Entry | undefined> {
    try {
      const environment = await store()
      reads++
      const record = await environment.find(id)
      if (record === undefined) {
        if (!flight.isOutdated) cache.putUnknown(id, flight.begun)
        return undefined
      }
      const granted = await compileOwnerScopes(record, options, compiler)
      const entry = createEntry(record, granted, flight.begun, compiler)
      if (!flight.isOutdated) cache.put(entry)
      return entry
    } finally {
      if (flights.get(id) === flight) flights.delete(id)
    }
  }

  function outdate(id: string): void {
    const flight = flights.get(id)
    if (flight === undefined) return
    flight.isOutdated = true
    flights.delete(id)
  }

  function outdateAll(): void {
    for (const id of [...flights.keys()]) outdate(id)
  }

  return {
    load(id, fresh = false) {
      const known = flights.get(id)
      if (known !== undefined && !fresh && clock.isRecent(known.begun, ttl)) return known.result
      outdate(id)
      const flight: Flight = { begun: clock.moment(), isOutdated: false, result: Promise.resolve(undefined) }
      flights.set(id, flight)
      flight.result = read(id, flight)
      return flight.result
    },
    invalidate(ids) {
      if (ids === 'all') {
        cache.dropAll()
        outdateAll()
        return
      }
      for (const id of ids) {
        cache.drop(id)
        outdate(id)
      }
    },
    forgetOwner(owner) {
      cache.dropOwner(owner)
      // The owners of records that are being read are not known yet.
      outdateAll()
    },
    get reads() {
      return reads
    },
  }
}
