import { publish } from '../events.js'
import { DENIED } from '../policy/denials.js'
import { evaluate } from '../policy/evaluate.js'
import { digestOf, tagOf } from '../secret/digest.js'
import type { DeniedVerdict, Verdict, VerifyContext } from '../types.js'
import { type Entry, secretWithTag } from './entry.js'
import { createIdentify, type IdentifyParts } from './identify.js'
import type { LastUse, UsageQueue } from './usage.js'

export interface VerifierParts extends IdentifyParts {
  readonly environment: string
  /** Absent: last uses are not recorded. */
  readonly usage: UsageQueue | undefined
}

/** May this token do this? Never writes to the store. */
export interface Verifier {
  /** The verdict, if it takes neither the store nor a proof; else `undefined`. */
  verifyCached(token: unknown, context?: VerifyContext): Verdict | undefined
  /** The verdict. Rejects with `StoreError` or `UnavailableError` when there can be none. */
  verify(token: unknown, context?: VerifyContext): Promise<Verdict>
  /** As `verify`, with the record read from the store in any case, and handed out: for management calls. */
  authenticate(
    token: unknown,
    context: VerifyContext,
  ): Promise<{ readonly ok: true; readonly entry: Entry } | DeniedVerdict>
  /** Whose living secret this is, in whatever state the token may be. Reads the store, counts no use. */
  identify(token: unknown): Promise<Entry | undefined>
  /** How many verdicts took neither the store nor a proof. */
  readonly hits: number
}

const NO_CONTEXT: VerifyContext = {}

export function createVerifier(parts: VerifierParts): Verifier {
  const { environment, format, cache, reporter, clock, usage } = parts
  const identify = createIdentify(parts)
  let hits = 0

  function verifyCached(token: unknown, context: VerifyContext = NO_CONTEXT): Verdict | undefined {
    if (!format.hasShape(token)) return reporter.deny(DENIED.malformed, undefined, context)
    const digest = digestOf(token)
    const now = clock.now()
    const proof = cache.hit(digest, now)
    if (proof === undefined) return verifyById(token, digest, now, context)
    hits++
    return judge(proof.entry, proof.lastUse, now, context)
  }

  /** For a digest that leads to no recent entry: a wrong secret, or an entry that was read anew. */
  function verifyById(token: string, digest: string, now: number, context: VerifyContext): Verdict | undefined {
    const id = token.slice(0, format.idLength)
    const entry = cache.entry(id, now)
    if (entry === undefined) return denyUnknown(token, id, now, context)
    const tag = tagOf(digest)
    const secret = secretWithTag(entry, tag, now)
    if (secret === undefined) {
      reporter.wrongSecret(entry, tag, now, context)
      return reporter.deny(DENIED.wrong_secret, id, context)
    }
    const proof = cache.findProof(digest, entry, secret)
    if (proof === undefined) return undefined
    hits++
    return judge(entry, proof.lastUse, now, context)
  }

  /** Denies a token that is malformed or known to be unknown. `undefined` if the store must tell. */
  function denyUnknown(token: string, id: string, now: number, context: VerifyContext): DeniedVerdict | undefined {
    if (format.parse(token) === undefined) return reporter.deny(DENIED.malformed, undefined, context)
    return cache.isUnknown(id, now) ? reporter.deny(DENIED.unknown, id, context) : undefined
  }

  /** The secret is right: is the rest? */
  function judge(entry: Entry, lastUse: LastUse, now: number, context: VerifyContext): Verdict {
    const denied = evaluate(entry, now, context)
    if (denied !== undefined) return reporter.deny(denied, entry.token.id, context)
    usage?.touch(lastUse, now, context.ip)
    return reporter.allow(entry, context)
  }

  async function authenticate(token: unknown, fresh: boolean, context: VerifyContext) {
    const found = await identify(token, fresh, context)
    if (!found.ok) return reporter.deny(found.verdict, found.id, context)
    const verdict = judge(found.entry, found.lastUse, clock.now(), context)
    return verdict.ok ? { ok: true as const, entry: found.entry } : verdict
  }

  /** The verdict on a token that the cache cannot answer, timed. */
  async function verifyUncached(token: unknown, context: VerifyContext): Promise<Verdict> {
    const started = performance.now()
    try {
      const found = await authenticate(token, false, context)
      return found.ok ? found.entry.allowed : found
    } finally {
      publish('cache-miss', { environment, duration: performance.now() - started })
    }
  }

  return {
    verifyCached,
    verify: async (token, context = NO_CONTEXT) => verifyCached(token, context) ?? verifyUncached(token, context),
    authenticate: (token, context) => authenticate(token, true, context),
    async identify(token) {
      const found = await identify(token, true, NO_CONTEXT)
      return found.ok ? found.entry : undefined
    },
    get hits() {
      return hits
    },
  }
}
