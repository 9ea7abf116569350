import { UnavailableError } from '../errors.js'
import { observedStore, storeFailure } from './observed.js'
import type { ChangeListener, EnvironmentStore, TokenStore, Unwatch } from './token-store.js'

/** Opens an environment of a store on first need, and watches it. */
export interface Opener {
  /**
   * The opened environment. After a failure the next call tries again. Rejects with `StoreError`, and with
   * `UnavailableError` (`ERR_CLOSED`) after `close()`.
   */
  open(): Promise<EnvironmentStore>
  /** Ends the watch. */
  close(): Promise<void>
}

/** `listener` is called for every change from the first `open()` on. */
export function createOpener(store: TokenStore, environment: string, listener: ChangeListener): Opener {
  let opening: Promise<{ opened: EnvironmentStore; unwatch: Unwatch }> | undefined
  let closed = false

  async function openAndWatch(): Promise<{ opened: EnvironmentStore; unwatch: Unwatch }> {
    try {
      const opened = observedStore(await store.open(environment), environment)
      // Before the first read, so that no change falls between a read and the watch.
      return { opened, unwatch: await opened.watch(listener) }
    } catch (error) {
      throw storeFailure(environment, 'open', error)
    }
  }

  return {
    async open() {
      if (closed) throw new UnavailableError('ERR_CLOSED', 'This Latchkey instance is closed')
      opening ??= openAndWatch().catch((error: unknown) => {
        opening = undefined
        throw error
      })
      return (await opening).opened
    },
    async close() {
      closed = true
      const open = await opening?.catch(() => undefined)
      await open?.unwatch()
    },
  }
}
