import { publish } from '../events.js'
import type { EnvironmentStore } from '../store/token-store.js'
import { createRehashQueue, type RehashQueue } from './rehash.js'
import { createUsageQueue, type UsageQueue } from './usage.js'

/** What verifications write: last uses and replaced hashes, off the request path and in batches. */
export interface WriteBehind {
  readonly usage: UsageQueue
  readonly rehashes: RehashQueue
  /** Writes all that waits. Rejects with `StoreError`; what was not written waits for the next flush. */
  flush(): Promise<void>
  /** Ends the flushes by timer. */
  stop(): void
  readonly pending: number
}

/** `interval`: the time in ms between two flushes, which begin when something waits. */
export function createWriteBehind(
  store: () => Promise<EnvironmentStore>,
  { environment, interval }: { environment: string; interval: number },
): WriteBehind {
  const usage = createUsageQueue(start)
  const rehashes = createRehashQueue(start)
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let running: Promise<void> = Promise.resolve()

  function start(): void {
    if (stopped) return
    timer ??= setInterval(() => {
      // The store's observer has published the failure. The next flush tries again.
      flush().catch(() => undefined)
    }, interval).unref()
  }

  async function write(): Promise<void> {
    if (usage.pending === 0 && rehashes.pending === 0) return
    const opened = await store()
    const uses = await usage.write(opened)
    publish('flushed', { environment, uses, rehashed: await rehashes.write(opened) })
  }

  function flush(): Promise<void> {
    running = running.then(write, write)
    return running
  }

  return {
    usage,
    rehashes,
    flush,
    stop() {
      stopped = true
      clearInterval(timer)
    },
    get pending() {
      return usage.pending + rehashes.pending
    },
  }
}
