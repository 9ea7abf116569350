import { publish } from '../events.js'
import type { ChangeEvent } from '../store/token-store.js'
import type { Loader } from './loader.js'

/** Applies the change events of the store, by this node and by others. */
export interface ChangeHandler {
  handle(event: ChangeEvent): void
  /** Whether changes by other nodes may arrive late. Only reported: entries are read again after `cache.ttl` anyway. */
  readonly lagging: boolean
}

export function createChangeHandler(environment: string, loader: Loader): ChangeHandler {
  let lagging = false
  return {
    handle(event) {
      if (event === 'lagging' || event === 'live') {
        lagging = event === 'lagging'
        publish('lagging', { environment, lagging })
        return
      }
      const ids = event === 'reset' ? 'all' : event.ids
      loader.invalidate(ids)
      publish('invalidated', { environment, ids })
    },
    get lagging() {
      return lagging
    },
  }
}
