import type { ChangeEvent, ChangeListener } from './token-store.js'

/** Those who watch one environment. */
export interface Listeners {
  /** Returns the function that removes the listener again. One function added twice is called twice. */
  add(listener: ChangeListener): () => void
  /** Calls every listener. One that throws becomes a process warning, and keeps no other from being called. */
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
