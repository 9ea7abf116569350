import { channel } from 'node:diagnostics_channel'
import type { AuditEntry } from './audit-entry.js'
import type { CredentialDenialReason, DenialReason } from './types.js'

/**
 * What happens, for logs, metrics and alarms. Each member is a channel of `node:diagnostics_channel` with the name
 * `latchkey:<member>`; its type is that of the messages. Ids may appear in messages, secrets never do. A channel
 * without subscribers costs nothing.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel'
 *
 * subscribe('latchkey:denied', (message) => {
 *   const { reason, id } = message as LatchkeyEvents['denied']
 *   logger.warn({ reason, id }, 'token denied')
 * })
 */
export interface LatchkeyEvents {
  /** A request's token was let in. Published once per request. `format`: of a foreign key, the name of its format. */
  verified: { environment: string; id: string; ip?: string; format?: string }
  /**
   * A request was refused. The reason is finer than what callers see. `id` is absent where no token's id is known:
   * for malformed tokens, and for requests without a credential (`no_credential`) or with an unclear one
   * (`invalid_request`).
   */
  denied: { environment: string; reason: DenialReason | CredentialDenialReason; id?: string; ip?: string }
  /**
   * A verification that the cache could not answer took `duration` milliseconds, for the store, a proof or both.
   * Published also if it failed. Verdicts from the cache take microseconds and are not timed.
   */
  'cache-miss': { environment: string; duration: number }
  /** A management operation ended, or was refused: see `AuditEntry`. */
  audit: AuditEntry
  /** `onAudit` failed to take an entry of an operation that had been carried out, or refused. */
  'audit-error': { environment: string; entry: AuditEntry; error: unknown }
  /**
   * No hasher here can check the stored hash of this token: a hasher or one of its keys is missing. `hash`: the kind of
   * hash, as in `stats().hashes`. The request gets 503.
   */
  'hasher-missing': { environment: string; id: string; hash: string }
  /** A token was created. `by`, here and below: the id of the token that authenticated the call, if one did. */
  created: { environment: string; id: string; owner: string; by?: string }
  /** A token was changed, enabled or disabled. Not published if nothing changed. */
  updated: { environment: string; id: string; by?: string }
  /** A rotation began (`rotate`), was finished or was cancelled. */
  rotated: { environment: string; id: string; step: 'rotate' | 'finish' | 'cancel'; by?: string }
  /** A token was deleted or revoked. Not published for purged ones. */
  deleted: { environment: string; id: string; by?: string }
  /** A retired secret was presented: it may have leaked, or a client was forgotten in a rotation. */
  reuse: { environment: string; id: string; ip?: string }
  /** Last uses were written. `uses`: how many, one per token and secret. `rehashed`: how many hashes were replaced. */
  flushed: { environment: string; uses: number; rehashed: number }
  /**
   * A call to the store ended, with a result or an error, after `duration` milliseconds. `operation`: the name of the
   * method of `EnvironmentStore`. The records of a page are read later.
   */
  'store-call': { environment: string; operation: string; duration: number }
  /** A call to the store failed. `operation`: the name of the method. A lost race is no failure. */
  'store-error': { environment: string; operation: string; error: unknown }
  /**
   * The store reported changes to these tokens, or to any (`all`), also those of this node. They count here from now
   * on. The time since the event of the node that made the change is the lag of a revocation.
   */
  invalidated: { environment: string; ids: readonly string[] | 'all' }
  /** Changes by other nodes may arrive late (`true`), or arrive in time again (`false`). */
  lagging: { environment: string; lagging: boolean }
}

const channels = {
  verified: channel('latchkey:verified'),
  denied: channel('latchkey:denied'),
  'cache-miss': channel('latchkey:cache-miss'),
  audit: channel('latchkey:audit'),
  'audit-error': channel('latchkey:audit-error'),
  'hasher-missing': channel('latchkey:hasher-missing'),
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

export function hasSubscribers(event: keyof LatchkeyEvents): boolean {
  return channels[event].hasSubscribers
}

export function publish<E extends keyof LatchkeyEvents>(event: E, message: LatchkeyEvents[E]): void {
  channels[event].publish(message)
}
