import { UnavailableError } from '../errors.js'
import { observed, publish } from '../events.js'
import { REFUSED } from '../policy/denials.js'
import { evaluate, evaluateUse } from '../policy/evaluate.js'
import type { Prover } from '../secret/prover.js'
import { digestOf, tagOf } from '../secret/tag.js'
import type { TokenFormat } from '../token/format.js'
import type { Verdict, VerifyContext } from '../types.js'
import type { TokenCache } from './cache.js'
import { type Clock, sinceOrigin } from './clock.js'
import type { Entry, Secret } from './entry.js'
import { isSound, secretWithDigest, secretWithTag } from './living.js'
import type { Loader } from './loader.js'
import type { UsageWriter } from './usage.js'

export interface VerifierParts {
  readonly format: TokenFormat
  readonly cache: TokenCache
  readonly loader: Loader
  readonly prover: Prover
  readonly usage: UsageWriter
  readonly clock: Clock
  readonly environment: string
  /** How old an entry may be, in ms, and how much older while the store is away. */
  readonly ttl: number
  readonly staleIfError: number
}

type Refusal = Extract<Verdict, { ok: false }>

/** May this token do this? From the cache without a promise where possible. Never writes to the store. */
export interface Verifier {
  /** The verdict, if it takes neither the store nor a proof; else `undefined`. */
  verifyCached(token: unknown, context: VerifyContext): Verdict | undefined
  /** The verdict. Rejects with `StoreError` or `UnavailableError` when there can be none. */
  verify(token: unknown, context: VerifyContext): Promise<Verdict>
  /** As `verify`, with the record read from the store in any case, and handed out: for management calls. */
  authenticate(token: unknown, context: VerifyContext): Promise<{ readonly ok: true; readonly entry: Entry } | Refusal>
  /** Whose living secret this is, in whatever state the token may be; read from the store, counted as no use. */
  identify(token: unknown): Promise<Entry | undefined>
  readonly counts: { verified: number; denied: number; hits: number }
}

type Identified =
  | { readonly entry: Entry; readonly secret: Secret }
  | { readonly refusal: Refusal; readonly id?: string }

/** A proof is lost when the stored hash changes under it; so often it is made again before giving up. */
const MOST_PROOFS = 3

export function createVerifier(parts: VerifierParts): Verifier {
  const { format, cache, loader, prover, usage, clock, environment, ttl, staleIfError } = parts
  const { tokenLength } = format
  const counts = { verified: 0, denied: 0, hits: 0 }

  function refuse(verdict: Refusal, id: string | undefined, context: VerifyContext): Refusal {
    counts.denied++
    if (observed('denied')) {
      const { reason } = verdict.denial
      const { ip } = context
      publish('denied', { environment, reason, ...(id !== undefined && { id }), ...(ip !== undefined && { ip }) })
    }
    return verdict
  }

  /** The secret is right: is the rest? */
  function judge(entry: Entry, secret: Secret, now: number, context: VerifyContext): Verdict {
    const refusal = evaluate(entry, now, context)
    if (refusal !== undefined) return refuse(refusal, entry.token.id, context)
    return admit(entry, secret, sinceOrigin(now), context)
  }

  function admit(entry: Entry, secret: Secret, at: number, context: VerifyContext): Verdict {
    usage.note(secret, at, context)
    counts.verified++
    if (observed('verified')) {
      const { ip } = context
      publish('verified', { environment, id: entry.token.id, ...(ip !== undefined && { ip }) })
    }
    return entry.allowed
  }

  function verifyCached(token: unknown, context: VerifyContext): Verdict | undefined {
    if (typeof token !== 'string' || token.length !== tokenLength) {
      return refuse(REFUSED.malformed, undefined, context)
    }
    const entry = cache.guess(token)
    if (entry === undefined) return verifyById(token, context)
    const now = clock.now()
    const at = sinceOrigin(now)
    if (!isSound(entry, at)) return verifyById(token, context)
    const digest = digestOf(token)
    const current = entry.digest === digest
    if (!current && !format.isOf(token, entry.id)) return verifyById(token, context, digest)
    cache.noteUse(entry)
    if (!current) return judgeClosely(entry, digest, now, context)
    counts.hits++
    const refusal = evaluateUse(entry, context)
    return refusal === undefined ? admit(entry, entry, at, context) : refuse(refusal, entry.token.id, context)
  }

  /** Of a token about which there was no guess, or a wrong one, or one that is not to be judged by a look. */
  function verifyById(token: string, context: VerifyContext, digest?: string): Verdict | undefined {
    const id = format.idOf(token)
    if (id === undefined) return refuse(REFUSED.malformed, undefined, context)
    const entry = recentEntry(id)
    if (entry === undefined) return refuseUnknown(token, id, context)
    return judgeClosely(entry, digest ?? digestOf(token), clock.now(), context)
  }

  /** By whichever of its secrets this is. */
  function judgeClosely(entry: Entry, digest: string, now: number, context: VerifyContext): Verdict | undefined {
    const secret = secretWithDigest(entry, digest, now)
    if (secret === undefined) return refuseSecret(entry, digest, now, context)
    counts.hits++
    return judge(entry, secret, now, context)
  }

  function recentEntry(id: string, limit = ttl): Entry | undefined {
    const entry = cache.entry(id)
    return entry !== undefined && isRecent(entry, limit) ? entry : undefined
  }

  function isRecent({ loadedAt, loadedTick }: Entry, limit: number): boolean {
    return clock.isRecent(loadedAt, loadedTick, limit)
  }

  /** The refusal of a token that is malformed, or known to be unknown; `undefined` if the store must tell. */
  function refuseUnknown(token: string, id: string, context: VerifyContext): Verdict | undefined {
    const missing = cache.missing(id)
    // Before the checksum is computed: what it would save then is a look into the store.
    const unknown = missing !== undefined && clock.isRecent(missing.at, missing.tick, ttl)
    if (format.parse(token) === undefined) return refuse(REFUSED.malformed, undefined, context)
    return unknown ? refuse(REFUSED.unknown, id, context) : undefined
  }

  /** The refusal of a secret that cannot be right; `undefined` if a proof must tell. */
  function refuseSecret(entry: Entry, digest: string, now: number, context: VerifyContext): Verdict | undefined {
    const tag = tagOf(digest)
    if (secretWithTag(entry, tag, now) !== undefined) return undefined
    noticeReuse(entry, tag, context)
    return refuse(REFUSED.wrong_secret, entry.token.id, context)
  }

  function noticeReuse({ token: { id }, retired, previous }: Entry, tag: string, context: VerifyContext): void {
    // `previous` is dead here, or its tag would have led to a proof.
    if ((!retired.includes(tag) && previous?.tag !== tag) || !observed('reuse')) return
    const { ip } = context
    publish('reuse', { environment, id, ...(ip !== undefined && { ip }) })
  }

  /** The entry to judge by: the cached one while it is recent, else the store's; an older one only if allowed. */
  async function currentEntry(id: string): Promise<Entry | undefined> {
    const known = recentEntry(id)
    if (known !== undefined) return known
    try {
      return await loader.load(id)
    } catch (error) {
      // Looked up again: an invalidation meanwhile has removed it for good.
      const stale = recentEntry(id, ttl + staleIfError)
      if (stale !== undefined) return stale
      throw error
    }
  }

  function remember(entry: Entry, hash: string, digest: string, rehash: string | undefined): void {
    cache.addProof(entry, { hash, digest })
    if (rehash === undefined || !cache.claimRehash(entry.token.id)) return
    cache.addProof(entry, { hash: rehash, digest })
    usage.noteRehash({ id: entry.token.id, from: hash, to: rehash })
  }

  async function identify(token: unknown, fresh: boolean, context: VerifyContext = {}): Promise<Identified> {
    const parsed = format.parse(token)
    if (parsed === undefined || typeof token !== 'string') return { refusal: REFUSED.malformed }
    const { id } = parsed
    const digest = digestOf(token)
    const tag = tagOf(digest)
    let provenHash: string | undefined
    const read = () => (fresh ? loader.load(id, true) : currentEntry(id))
    let entry = await read()
    for (let proofs = 0; ; proofs++) {
      if (entry === undefined) return { refusal: REFUSED.unknown, id }
      const secret = secretWithTag(entry, tag, clock.now())
      if (secret === undefined) {
        noticeReuse(entry, tag, context)
        return { refusal: REFUSED.wrong_secret, id }
      }
      // The cache is asked too: an entry that is not in it heard of no proof since it was made.
      if (secret.hash === provenHash || secret.digest === digest || cache.hasProof(id, { hash: secret.hash, digest })) {
        return { entry, secret }
      }
      if (proofs === MOST_PROOFS) throw new UnavailableError('ERR_OVERLOADED', 'The stored hash keeps changing')
      const { hash } = secret
      const at = entry
      const right = await prover.prove(parsed.secret, hash, digest, (rehash) => remember(at, hash, digest, rehash))
      if (!right) return { refusal: REFUSED.wrong_secret, id }
      provenHash = hash
      // A proof may have waited for long: judge by what is true now.
      entry = await read()
    }
  }

  async function verify(token: unknown, context: VerifyContext): Promise<Verdict> {
    const found = await identify(token, false, context)
    if ('refusal' in found) return refuse(found.refusal, found.id, context)
    return judge(found.entry, found.secret, clock.now(), context)
  }

  return {
    verifyCached,
    verify: async (token, context) => verifyCached(token, context) ?? verify(token, context),
    async authenticate(token, context) {
      const found = await identify(token, true, context)
      if ('refusal' in found) return refuse(found.refusal, found.id, context)
      const verdict = judge(found.entry, found.secret, clock.now(), context)
      return verdict.ok ? { ok: true, entry: found.entry } : verdict
    },
    async identify(token) {
      const found = await identify(token, true)
      return 'refusal' in found ? undefined : found.entry
    },
    counts,
  }
}
