import { compact } from '../compact.js'
import { hasSubscribers, publish } from '../events.js'
import { normalAddress } from '../policy/address.js'
import type { AllowedVerdict, DeniedVerdict, VerifyContext } from '../types.js'
import { type Entry, isRetiredTag } from './entry.js'
import type { LastUse } from './usage.js'

/** What a verification is asked, and whether the token of this request has been let in before. */
export interface RequestContext extends VerifyContext {
  readonly isRepeated?: boolean | undefined
}

/** Counts verdicts and publishes them. The address is read only if somebody listens. */
export interface Reporter {
  /** Counts and publishes a request once, however often its token is judged. */
  allow(entry: Entry, use: LastUse, context: RequestContext): AllowedVerdict
  /** `id`: of the token, if the text had one. */
  deny(verdict: DeniedVerdict, id: string | undefined, context: VerifyContext): DeniedVerdict
  /** No active secret of the token has this tag. Publishes `reuse` if a retired one has it. */
  wrongSecret(entry: Entry, tag: string, now: number, context: VerifyContext): void
  readonly counts: { readonly verified: number; readonly denied: number }
}

export function createReporter(environment: string): Reporter {
  const counts = { verified: 0, denied: 0 }

  function message<Id extends string | undefined>(id: Id, context: VerifyContext) {
    return compact({ environment, id, ip: normalAddress(context.ip) })
  }

  return {
    allow(entry, { format }, context) {
      if (context.isRepeated) return entry.allowed
      counts.verified++
      if (hasSubscribers('verified')) publish('verified', compact({ ...message(entry.token.id, context), format }))
      return entry.allowed
    },
    deny(verdict, id, context) {
      counts.denied++
      if (hasSubscribers('denied')) {
        publish('denied', { reason: verdict.denial.reason, ...message(id, context) })
      }
      return verdict
    },
    wrongSecret(entry, tag, now, context) {
      if (!hasSubscribers('reuse') || !isRetiredTag(entry, tag, now)) return
      publish('reuse', message(entry.token.id, context))
    },
    counts,
  }
}
