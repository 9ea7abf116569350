import { setImmediate as nextTurn } from 'node:timers/promises'
import { UnavailableError } from '../errors.js'

/** Gives a place back. May be called more than once. */
export type Release = () => void

/**
 * Bounds the pages that are read and kept in memory at a time, for each caller and in all. What does not fit waits, and
 * leaves the queue when its client is gone. A client that leaves at once is noticed before its page begins. So the
 * pages of one caller cannot hold up those of another.
 */
export interface PageQueue {
  /**
   * Resolves when a page of this many rows may be read. Rejects with `UnavailableError` (`ERR_OVERLOADED`) if too many of
   * this caller's pages wait already, or if the page has waited for 5 s, and with the signal's reason once it is
   * aborted.
   */
  enter(caller: string, rows: number, signal: AbortSignal | undefined): Promise<Release>
}

interface Page {
  readonly caller: string
  readonly isLarge: boolean
  start(release: Release): void
}

/** More rows than that are a large page: it takes a tenth of a second and megabytes. */
const MAX_SMALL = 1_000
const MAX_LARGE_PAGES = 4
const MAX_LARGE_PAGES_PER_CALLER = 1
const MAX_PAGES_PER_CALLER = 4
const MAX_WAITING_PER_CALLER = 100
const MAX_WAITING = 2_000
const MAX_WAIT_MS = 5_000
/**
 * Turns of the event loop until a client is known to have left, if it closed its connection right after its request:
 * one to read the end of the connection, one to end it on this side, one to close it.
 */
const TURNS_TO_NOTICE = 3
/** A place that nobody gives back is free after that, so no answer may hold its page for longer. */
export const MAX_LIFE_MS = 60_000

export function createPageQueue(): PageQueue {
  /** Those that are under way. */
  const pages = new Set<Page>()
  const waiting = new Set<Page>()

  function count(among: ReadonlySet<Page>, matches: (page: Page) => boolean): number {
    let number = 0
    for (const page of among) if (matches(page)) number++
    return number
  }

  function fits({ caller, isLarge }: Omit<Page, 'start'>): boolean {
    const own = (page: Page) => page.caller === caller
    if (count(pages, own) >= MAX_PAGES_PER_CALLER) return false
    if (!isLarge) return true
    const large = (page: Page) => page.isLarge
    return (
      count(pages, large) < MAX_LARGE_PAGES &&
      count(pages, (page) => own(page) && large(page)) < MAX_LARGE_PAGES_PER_CALLER
    )
  }

  function begin(page: Page): void {
    pages.add(page)
    const timer = setTimeout(release, MAX_LIFE_MS).unref()
    page.start(release)

    function release(): void {
      clearTimeout(timer)
      if (!pages.delete(page)) return
      for (const next of waiting) {
        if (!fits(next)) continue
        waiting.delete(next)
        begin(next)
      }
    }
  }

  /** Waits until `begin` starts the page. */
  function wait(page: Omit<Page, 'start'>, signal: AbortSignal | undefined): Promise<Release> {
    return new Promise((resolve, reject) => {
      const entry: Page = {
        ...page,
        start(release) {
          settle()
          resolve(release)
        },
      }
      const leave = (reason: unknown) => {
        waiting.delete(entry)
        settle()
        reject(reason)
      }
      const onAbort = () => leave(signal?.reason)
      const timer = setTimeout(() => leave(overloaded()), MAX_WAIT_MS)
      const settle = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.add(entry)
    })
  }

  return {
    async enter(caller, rows, signal) {
      if (signal !== undefined) for (let turn = 0; turn < TURNS_TO_NOTICE; turn++) await nextTurn()
      signal?.throwIfAborted()
      const page = { caller, isLarge: rows > MAX_SMALL }
      if (fits(page)) return new Promise((start) => begin({ ...page, start }))
      const own = count(waiting, (other) => other.caller === caller)
      if (own >= MAX_WAITING_PER_CALLER || waiting.size >= MAX_WAITING) throw overloaded()
      return wait(page, signal)
    },
  }
}

function overloaded(): UnavailableError {
  return new UnavailableError('ERR_OVERLOADED', 'Too many pages are asked for at once')
}
