import type { ChangeEvent, ChangeListener } from './token-store.js'

/** The listeners of one environment. */
export interface Listeners {
  /** Returns the function that removes the listener. A listener that is added twice is called twice. */
  add(listener: ChangeListener): () => void
  /** Calls every listener. An error that one throws becomes a process warning; the others are called all the same. */
  notify(event: ChangeEvent): void
  clear(): void
  readonly size: number
}

export function createListeners(): Listeners {
  const entries = new Set<{ readonly listener: ChangeListener }>()
  return {
    add(listener) {
      const entry = { listener }
      entries.add(entry)
      return () => void entries.delete(entry)
    },
    notify(event) {
      for (const entry of [...entries]) {
        // An earlier listener may have removed this one.
        if (!entries.has(entry)) continue
        try {
          entry.listener(event)
        } catch (error) {
          process.emitWarning(error instanceof Error ? error : String(error))
        }
      }
    },
    clear: () => entries.clear(),
    get size() {
      return entries.size
    },
  }
}
