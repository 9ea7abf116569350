import { compact } from '../compact.js'
import { hasSubscribers, publish } from '../events.js'
import type { AllowedVerdict, DeniedVerdict, VerifyContext } from '../types.js'
import { type Entry, isDeadTag } from './entry.js'

/** Counts verdicts and publishes them. The address is read only if somebody listens. */
export interface Reporter {
  allow(entry: Entry, context: VerifyContext): AllowedVerdict
  /** `id`: of the token, if the text had one. */
  deny(verdict: DeniedVerdict, id: string | undefined, context: VerifyContext): DeniedVerdict
  /** A secret with this tag is none of the token's living ones. Publishes `reuse` if it is a dead one. */
  wrongSecret(entry: Entry, tag: string, now: number, context: VerifyContext): void
  readonly counts: { readonly verified: number; readonly denied: number }
}

export function createReporter(environment: string): Reporter {
  const counts = { verified: 0, denied: 0 }
  return {
    allow(entry, context) {
      counts.verified++
      if (hasSubscribers('verified')) publish('verified', compact({ environment, id: entry.token.id, ip: context.ip }))
      return entry.allowed
    },
    deny(verdict, id, context) {
      counts.denied++
      if (hasSubscribers('denied')) {
        publish('denied', compact({ environment, reason: verdict.denial.reason, id, ip: context.ip }))
      }
      return verdict
    },
    wrongSecret(entry, tag, now, context) {
      if (!hasSubscribers('reuse') || !isDeadTag(entry, tag, now)) return
      publish('reuse', compact({ environment, id: entry.token.id, ip: context.ip }))
    },
    counts,
  }
}
