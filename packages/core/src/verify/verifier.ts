import { UnavailableError } from '../errors.js'
import { observed, publish } from '../events.js'
import { REFUSED } from '../policy/denials.js'
import { evaluate } from '../policy/evaluate.js'
import type { Prover } from '../secret/prover.js'
import { digestOf, tagOf } from '../secret/tag.js'
import type { TokenFormat } from '../token/format.js'
import { isAlive } from '../token/record.js'
import type { Verdict, VerifyContext } from '../types.js'
import type { TokenCache } from './cache.js'
import { type Entry, isRecent, type Moment, type Secret } from './entry.js'
import type { Loader } from './loader.js'
import type { UsageWriter } from './usage.js'

export interface VerifierParts {
  readonly format: TokenFormat
  readonly cache: TokenCache
  readonly loader: Loader
  readonly prover: Prover
  readonly usage: UsageWriter
  readonly clock: () => Moment
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
  const counts = { verified: 0, denied: 0, hits: 0 }

  function refuse(verdict: Refusal, id: string | undefined, ip: string | undefined): Refusal {
    counts.denied++
    if (observed('denied')) {
      const { reason } = verdict.denial
      publish('denied', { environment, reason, ...(id !== undefined && { id }), ...(ip !== undefined && { ip }) })
    }
    return verdict
  }

  /** The secret is right: is the rest? */
  function judge(entry: Entry, secret: Secret, now: number, context: VerifyContext): Verdict {
    const refusal = evaluate(entry, now, context)
    if (refusal !== undefined) return refuse(refusal, entry.record.id, context.ip)
    counts.verified++
    usage.note(secret, now, context.ip)
    if (observed('verified')) {
      publish('verified', { environment, id: entry.record.id, ...(context.ip !== undefined && { ip: context.ip }) })
    }
    return entry.allowed
  }

  function verifyCached(token: unknown, context: VerifyContext): Verdict | undefined {
    const id = format.idOf(token)
    if (id === undefined || typeof token !== 'string') return refuse(REFUSED.malformed, undefined, context.ip)
    const now = clock()
    const entry = cache.entry(id)
    if (entry !== undefined && isRecent(entry.loadedAt, entry.loadedTick, now, ttl)) {
      const digest = digestOf(token)
      const secret = provenSecret(entry, digest)
      if (secret !== undefined && isAlive(secret, now.at)) {
        counts.hits++
        return judge(entry, secret, now.at, context)
      }
      if (format.parse(token) === undefined) return refuse(REFUSED.malformed, undefined, context.ip)
      if (secretWithTag(entry, tagOf(digest), now.at) !== undefined) return undefined
      noticeReuse(entry, tagOf(digest), context.ip)
      return refuse(REFUSED.wrong_secret, id, context.ip)
    }
    if (format.parse(token) === undefined) return refuse(REFUSED.malformed, undefined, context.ip)
    const missing = cache.missing(id)
    if (missing === undefined || !isRecent(missing.at, missing.tick, now, ttl)) return undefined
    return refuse(REFUSED.unknown, id, context.ip)
  }

  function noticeReuse({ record, previous }: Entry, tag: string, ip: string | undefined): void {
    // `previous` is dead here, or its tag would have led to a proof.
    if (!record.retired.includes(tag) && previous?.tag !== tag) return
    publish('reuse', { environment, id: record.id, ...(ip !== undefined && { ip }) })
  }

  /** The entry to judge by: the cached one while it is recent, else the store's; an older one only if allowed. */
  async function currentEntry(id: string): Promise<Entry | undefined> {
    const known = cache.entry(id)
    if (known !== undefined && isRecent(known.loadedAt, known.loadedTick, clock(), ttl)) return known
    try {
      return await loader.load(id)
    } catch (error) {
      // Looked up again: an invalidation meanwhile has removed it for good.
      const stale = cache.entry(id)
      if (stale !== undefined && isRecent(stale.loadedAt, stale.loadedTick, clock(), ttl + staleIfError)) return stale
      throw error
    }
  }

  /** The cache is asked too: an entry that is not in it heard of no proof since it was made. */
  function isProven(id: string, secret: Secret, digest: string): boolean {
    if (secret.digest === digest) return true
    return cache.proven(id).some((proof) => proof.hash === secret.hash && proof.digest === digest)
  }

  function remember(id: string, hash: string, digest: string, rehash: string | undefined): void {
    cache.addProof(id, { hash, digest })
    if (rehash === undefined || !cache.claimRehash(id)) return
    cache.addProof(id, { hash: rehash, digest })
    usage.noteRehash({ id, from: hash, to: rehash })
  }

  async function identify(token: unknown, fresh: boolean, ip?: string): Promise<Identified> {
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
      const secret = secretWithTag(entry, tag, clock().at)
      if (secret === undefined) {
        noticeReuse(entry, tag, ip)
        return { refusal: REFUSED.wrong_secret, id }
      }
      if (secret.hash === provenHash || isProven(id, secret, digest)) return { entry, secret }
      if (proofs === MOST_PROOFS) throw new UnavailableError('ERR_OVERLOADED', 'The stored hash keeps changing')
      const { hash } = secret
      const right = await prover.prove(parsed.secret, hash, digest, (rehash) => remember(id, hash, digest, rehash))
      if (!right) return { refusal: REFUSED.wrong_secret, id }
      provenHash = hash
      // A proof may have waited for long: judge by what is true now.
      entry = await read()
    }
  }

  async function verify(token: unknown, context: VerifyContext): Promise<Verdict> {
    const found = await identify(token, false, context.ip)
    if ('refusal' in found) return refuse(found.refusal, found.id, context.ip)
    return judge(found.entry, found.secret, clock().at, context)
  }

  return {
    verifyCached,
    verify: async (token, context) => verifyCached(token, context) ?? verify(token, context),
    async authenticate(token, context) {
      const found = await identify(token, true, context.ip)
      if ('refusal' in found) return refuse(found.refusal, found.id, context.ip)
      const verdict = judge(found.entry, found.secret, clock().at, context)
      return verdict.ok ? { ok: true, entry: found.entry } : verdict
    },
    async identify(token) {
      const found = await identify(token, true)
      return 'refusal' in found ? undefined : found.entry
    },
    counts,
  }
}

function provenSecret({ current, previous }: Entry, digest: string): Secret | undefined {
  if (current.digest === digest) return current
  return previous !== undefined && previous.digest === digest ? previous : undefined
}

/** The living secret that the tag speaks of, proven or not. */
function secretWithTag({ current, previous }: Entry, tag: string, now: number): Secret | undefined {
  if (current.tag === tag && isAlive(current, now)) return current
  return previous !== undefined && previous.tag === tag && isAlive(previous, now) ? previous : undefined
}
