import type { Entry } from './entry.js'

/** At most so many places: half a megabyte. */
const MOST_PLACES = 65_536

/**
 * From a token to its entry by one look into memory: nothing is cut out of the token, no text is compared and no order of
 * use is kept, which together take as long as half a hash. A place is chosen by the end of the id and belongs to whatever
 * entry came to it last. So what stands there is a guess, and only the digest of the whole token can tell.
 */
export interface Shortcuts {
  /** For a text that is no shorter than an id. */
  guess(text: string): Entry | undefined
  keep(entry: Entry): void
  /** Frees the entry's place, if it still has one. */
  forget(entry: Entry): void
}

/** `max`: how many entries there can be. `idLength`: that of all ids, with which tokens begin. */
export function createShortcuts(max: number, idLength: number): Shortcuts {
  const bits = Math.ceil(Math.log2(Math.min(Math.max(max, 2), MOST_PLACES)))
  const shift = 32 - bits
  const places: (Entry | undefined)[] = new Array(2 ** bits).fill(undefined)
  const end = idLength - 1

  /** Spreads the twenty random bits of four characters over the places. */
  function placeOf(text: string): number {
    let last = text.charCodeAt(end - 3)
    for (let i = end - 2; i <= end; i++) last = last * 33 + text.charCodeAt(i)
    return Math.imul(last, 0x9e3779b1) >>> shift
  }

  return {
    guess: (text) => places[placeOf(text)],
    keep(entry) {
      places[placeOf(entry.id)] = entry
    },
    forget(entry) {
      const place = placeOf(entry.id)
      if (places[place] === entry) places[place] = undefined
    },
  }
}
