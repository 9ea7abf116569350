import { setTimeout as sleep } from 'node:timers/promises'
import { isBusy } from '../shared/errors.js'

const RETRY_INTERVAL_MS = 2

/**
 * Attempts again while another connection has the lock, for `timeout` ms at most. Unlike SQLite's own wait it leaves the
 * thread to lists and point reads.
 */
export async function retryWhileBusy<T>(timeout: number, attempt: () => T): Promise<T> {
  const deadline = performance.now() + timeout
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
    }
    await sleep(RETRY_INTERVAL_MS)
  }
}
