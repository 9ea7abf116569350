import { UnavailableError } from '../errors.js'
import { observedStore, storeFailure } from './observed.js'
import type { ChangeListener, EnvironmentStore, TokenStore, Unwatch } from './token-store.js'

/** Opens an environment on first need and watches it; a failed attempt is made again by the next caller. */
export interface Opener {
  open(): Promise<EnvironmentStore>
  close(): Promise<void>
}

export function createOpener(store: TokenStore, environment: string, listener: ChangeListener): Opener {
  let opening: Promise<{ opened: EnvironmentStore; unwatch: Unwatch }> | undefined
  let closed = false

  async function attempt(): Promise<{ opened: EnvironmentStore; unwatch: Unwatch }> {
    try {
      const opened = observedStore(await store.open(environment), environment)
      // Before the first read, so that no change can fall between a read and the watch.
      return { opened, unwatch: await opened.watch(listener) }
    } catch (error) {
      throw storeFailure(environment, 'open', error)
    }
  }

  return {
    async open() {
      if (closed) throw new UnavailableError('ERR_CLOSED', 'This Latchkey instance is closed')
      opening ??= attempt().catch((error: unknown) => {
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
