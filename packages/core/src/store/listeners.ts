import type { ChangeEvent, ChangeListener } from './token-store.js'

/** The listeners of one environment, and whether they know that changes may arrive late. */
export interface Listeners {
  /**
   * Returns the function that removes the listener. A listener that is added twice is called twice. One that is added
   * while changes may be late gets `lagging` at once.
   */
  add(listener: ChangeListener): () => void
  /**
   * Calls every listener; with `lagging` and `live` only if that is news. An error that one throws becomes a process
   * warning; the others are called all the same.
   */
  notify(event: ChangeEvent): void
  clear(): void
  readonly size: number
}

export function createListeners(): Listeners {
  const entries = new Set<{ readonly listener: ChangeListener }>()
  let isLagging = false
  return {
    add(listener) {
      const entry = { listener }
      entries.add(entry)
      if (isLagging) call(listener, 'lagging')
      return () => {
        entries.delete(entry)
        if (entries.size === 0) isLagging = false
      }
    },
    notify(event) {
      if (event === 'lagging' || event === 'live') {
        if (isLagging === (event === 'lagging')) return
        isLagging = event === 'lagging'
      }
      for (const entry of [...entries]) {
        // An earlier listener may have removed this one.
        if (entries.has(entry)) call(entry.listener, event)
      }
    },
    clear: () => entries.clear(),
    get size() {
      return entries.size
    },
  }
}

function call(listener: ChangeListener, event: ChangeEvent): void {
  try {
    listener(event)
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error))
  }
}
