import { publish } from '../events.js'
import { DENIED, evaluate } from '../policy/evaluate.js'
import { type ForeignFormats, type ForeignKey, foreignTag } from '../token/foreign.js'
import { digestOf, idIn, type ParsedToken, parseToken, type TokenFormat, tagOf } from '../token/format.js'
import type { DeniedVerdict, StoredSecret, Verdict } from '../types.js'
import { type Entry, secretWithTag } from './entry.js'
import { createIdentify, type IdentifyParts } from './identify.js'
import type { RequestContext } from './reporter.js'
import type { LastUse, UsageQueue } from './usage.js'

export interface VerifierParts extends IdentifyParts {
  readonly format: TokenFormat
  readonly foreign: ForeignFormats
  /** Absent: last uses are not recorded. */
  readonly usage: UsageQueue | undefined
}

/** A token's entry, and which of its secrets was presented. */
export interface Identified {
  readonly entry: Entry
  readonly secret: StoredSecret
}

/** Where the record of a presented text is. */
export interface Located {
  readonly id: string
  /** Of a foreign key: the name of its format. */
  readonly format?: string
  /** The tag of its secret. */
  readonly tag: string
}

/** May this token do this? Never writes to the store. */
export interface Verifier {
  /** The verdict, if it takes neither the store nor a proof; else `undefined`. */
  verifyCached(token: unknown, context?: RequestContext): Verdict | undefined
  /** The verdict. Rejects with `StoreError` or `UnavailableError` when there can be none. */
  verify(token: unknown, context?: RequestContext): Promise<Verdict>
  /**
   * As `verify`, with the record read from the store in any case, and handed out: for management calls. A denial has it
   * too, if the secret is right.
   */
  authenticate(
    token: unknown,
    context: RequestContext,
  ): Promise<({ readonly ok: true } & Identified) | (DeniedVerdict & { readonly identified?: Identified })>
  /**
   * Whose active secret this is, in whatever state the token may be, and of whatever prefix. Reads the store, counts no
   * use.
   */
  identify(token: unknown, ip?: string): Promise<Identified | undefined>
  /**
   * The id of the record that a token, of whatever prefix, or a foreign key leads to. The record need not be there.
   * `undefined` for a malformed text.
   */
  locate(token: unknown): Promise<Located | undefined>
  /** How many verdicts took neither the store nor a proof. */
  readonly hits: number
}

const NO_CONTEXT: RequestContext = {}

export function createVerifier(parts: VerifierParts): Verifier {
  const { environment, format, foreign, cache, loader, foreignIds, reporter, clock, usage } = parts
  const identify = createIdentify(parts)
  let hits = 0

  function verifyCached(token: unknown, context: RequestContext = NO_CONTEXT): Verdict | undefined {
    const isOurs = format.hasShape(token)
    if (!isOurs && (typeof token !== 'string' || foreign.find(token) === undefined)) {
      return reporter.deny(DENIED.malformed, undefined, context)
    }
    const digest = digestOf(token)
    const now = clock.now()
    const proof = cache.hit(digest, now)
    // A foreign key does not say its id, so the cache knows the proof alone.
    if (proof === undefined) return isOurs ? verifyById(token, digest, now, context) : undefined
    hits++
    return judge(proof.entry, proof.lastUse, now, context)
  }

  /** For a digest that leads to no recent entry: a wrong secret, or an entry that was read anew. */
  function verifyById(token: string, digest: string, now: number, context: RequestContext): Verdict | undefined {
    const id = idIn(token)
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
  function denyUnknown(token: string, id: string, now: number, context: RequestContext): DeniedVerdict | undefined {
    if (format.parse(token) === undefined) return reporter.deny(DENIED.malformed, undefined, context)
    return cache.isUnknown(id, now) ? reporter.deny(DENIED.unknown, id, context) : undefined
  }

  /** The secret is right: is the rest? */
  function judge(entry: Entry, lastUse: LastUse, now: number, context: RequestContext): Verdict {
    const denied = evaluate(entry, now, context)
    if (denied !== undefined) return reporter.deny(denied, entry.token.id, context)
    usage?.touch(lastUse, now, context.ip)
    return reporter.allow(entry, lastUse, context)
  }

  /** A token of any prefix, or a foreign key: what has the shape of our tokens is none. */
  function parse(text: unknown): ParsedToken | ForeignKey | undefined {
    const parsed = parseToken(text)
    if (parsed !== undefined || typeof text !== 'string' || format.hasShape(text)) return parsed
    return foreign.find(text)?.read(text)
  }

  /** As `parse`, of the prefixes that are accepted. */
  function parseAccepted(text: unknown): ParsedToken | ForeignKey | undefined {
    const parsed = parse(text)
    return parsed === undefined || 'format' in parsed || format.accepts(parsed.id) ? parsed : undefined
  }

  async function locate(text: unknown): Promise<Located | undefined> {
    const parsed = parse(text)
    if (parsed === undefined) return undefined
    if (!('format' in parsed)) return { id: parsed.id, tag: tagOf(digestOf(parsed.token)) }
    const ids = await foreignIds(parsed)
    let [found = ''] = ids
    // Another prefix than the present one may have been in use when it was imported.
    for (const id of ids.length > 1 ? ids : []) if ((await loader.load(id, true)) !== undefined) found = id
    return { id: found, format: parsed.format, tag: foreignTag(parsed) }
  }

  async function authenticate(token: unknown, fresh: boolean, context: RequestContext) {
    const found = await identify(parseAccepted(token), fresh, context)
    if (!found.ok) return reporter.deny(found.verdict, found.id, context)
    const verdict = judge(found.entry, found.lastUse, clock.now(), context)
    return verdict.ok ? found : { ...verdict, identified: found }
  }

  /** The verdict on a token that the cache cannot answer, timed. */
  async function verifyUncached(token: unknown, context: RequestContext): Promise<Verdict> {
    const started = performance.now()
    try {
      const found = await authenticate(token, false, context)
      return found.ok ? found.entry.allowed : { ok: false, denial: found.denial }
    } finally {
      publish('cache-miss', { environment, duration: performance.now() - started })
    }
  }

  return {
    verifyCached,
    verify: async (token, context = NO_CONTEXT) => verifyCached(token, context) ?? verifyUncached(token, context),
    authenticate: (token, context) => authenticate(token, true, context),
    async identify(token, ip) {
      const found = await identify(parse(token), true, { ip })
      return found.ok ? found : undefined
    },
    locate,
    get hits() {
      return hits
    },
  }
}
