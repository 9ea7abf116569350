import { optionError, quoted } from '../errors.js'
import { assertNoMore } from '../option-checks.js'
import type { ManageContext } from './context.js'

/** Removes tokens that expired before a time, by default `retention` ago, and resolves to how many. */
export type Purge = (expiredBefore?: number) => Promise<number>

/**
 * `retention`: in ms. The function rejects with a `TypeError` (`ERR_OPTION`) without a time, and for one in the future,
 * which would remove tokens that are still alive, and for more than one argument.
 */
export function createPurge({ store, now, audit }: ManageContext, retention: number | undefined): Purge {
  return async (expiredBefore, ...more: readonly unknown[]) => {
    assertNoMore('purge', more)
    const before = expiredBefore ?? (retention === undefined ? undefined : now() - retention)
    if (before === undefined) throw optionError('purge', 'needs a time, or the option retention')
    if (!(Number.isFinite(before) && before <= now())) {
      throw optionError('purge', `needs a time in epoch milliseconds that is not in the future, not ${quoted(before)}`)
    }
    const ids = await (await store()).purge(before)
    if (ids.length > 0) await audit.purged(ids)
    return ids.length
  }
}

/** Purges every `interval` ms, without an interval never. Returns the function that stops it. */
export function purgeRegularly(purge: Purge, interval: number | undefined): () => void {
  if (interval === undefined) return () => undefined
  const timer = setInterval(() => {
    // The store's observer has published the failure. The next round tries again.
    purge().catch(() => undefined)
  }, interval).unref()
  return () => clearInterval(timer)
}
