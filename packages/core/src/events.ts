import { channel } from 'node:diagnostics_channel'
import type { DenialReason } from './types.js'

/**
 * What happens, for logs, metrics and alarms: channels of `node:diagnostics_channel`, named `latchkey:` and the key.
 * Ids may appear in events, secrets never do. Publishing costs one property read while nobody listens.
 */
export interface LatchkeyEvents {
  /** A token was let in. */
  verified: { environment: string; id: string; ip?: string }
  /** A token was refused, with the finer reason that callers are not told. `id` is absent for malformed tokens. */
  denied: { environment: string; reason: DenialReason; id?: string; ip?: string }
  /**
   * `verify` answered what the cache could not: it took the store, a proof or both, for `duration` milliseconds in all.
   * Told of rejections too. Verdicts from the cache take microseconds and are not timed.
   */
  'cache-miss': { environment: string; duration: number }
  /** `by`, here and below: the id of the token that authenticated the call; absent for calls of the host itself. */
  created: { environment: string; id: string; owner: string; by?: string }
  /** A token was changed, enabled or disabled. Not told when nothing really changed. */
  updated: { environment: string; id: string; by?: string }
  /** `step`: a rotation began (`rotate`), was finished or cancelled. */
  rotated: { environment: string; id: string; step: 'rotate' | 'finish' | 'cancel'; by?: string }
  /** A token was deleted or revoked. Purged ones are not told one by one. */
  deleted: { environment: string; id: string; by?: string }
  /** A dead secret of a living token was presented: it may have leaked, or a client was forgotten in a rotation. */
  reuse: { environment: string; id: string; ip?: string }
  /** Last uses were written. `uses` counts tokens and secrets, `rehashed` the hashes replaced. */
  flushed: { environment: string; uses: number; rehashed: number }
  /**
   * A call to the store ended, well or not, after `duration` milliseconds: `operation` is the name of the method of
   * `EnvironmentStore`. The records of a page are read after it.
   */
  'store-call': { environment: string; operation: string; duration: number }
  /** A call to the store failed: `operation` is the name of its method. Lost races are no failures. */
  'store-error': { environment: string; operation: string; error: unknown }
  /**
   * The store told of changes to these tokens, this node's own among them, or to any (`all`), and this node goes by
   * them from now on. The time since the event of the node that made the change is the lag of a revocation.
   */
  invalidated: { environment: string; ids: readonly string[] | 'all' }
  /** Changes by other nodes may arrive late (`true`) or arrive in time again (`false`). */
  lagging: { environment: string; lagging: boolean }
}

const channels = {
  verified: channel('latchkey:verified'),
  denied: channel('latchkey:denied'),
  'cache-miss': channel('latchkey:cache-miss'),
  created: channel('latchkey:created'),
  updated: channel('latchkey:updated'),
  rotated: channel('latchkey:rotated'),
  deleted: channel('latchkey:deleted'),
  reuse: channel('latchkey:reuse'),
  flushed: channel('latchkey:flushed'),
  'store-call': channel('latchkey:store-call'),
  'store-error': channel('latchkey:store-error'),
  invalidated: channel('latchkey:invalidated'),
  lagging: channel('latchkey:lagging'),
}

export function observed(event: keyof LatchkeyEvents): boolean {
  return channels[event].hasSubscribers
}

export function publish<E extends keyof LatchkeyEvents>(event: E, message: LatchkeyEvents[E]): void {
  if (channels[event].hasSubscribers) channels[event].publish(message)
}
