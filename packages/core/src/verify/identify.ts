import { UnavailableError } from '../errors.js'
import { publish } from '../events.js'
import { DENIED } from '../policy/evaluate.js'
import { isSha256, sha256Phc } from '../secret/foreign-hashes.js'
import { kindOfHash } from '../secret/hasher.js'
import type { Prover } from '../secret/prover.js'
import { type ForeignKey, foreignTag } from '../token/foreign.js'
import type { ParsedToken } from '../token/format.js'
import { digestOf, tagOf } from '../token/format.js'
import type { DeniedVerdict, StoredSecret, VerifyContext } from '../types.js'
import type { TokenCache } from './cache.js'
import type { Clock } from './clock.js'
import { type Entry, foreignSecret, secretWithTag } from './entry.js'
import type { Loader } from './loader.js'
import type { RehashQueue } from './rehash.js'
import type { Reporter } from './reporter.js'
import { type LastUse, unused } from './usage.js'

/** The entry that a token's active secret belongs to, or why there is none. */
export type Identification =
  | { readonly ok: true; readonly entry: Entry; readonly secret: StoredSecret; readonly lastUse: LastUse }
  | { readonly ok: false; readonly verdict: DeniedVerdict; readonly id: string | undefined }

/**
 * Finds out whose active secret a token or a foreign key holds, in whatever state that token may be. Reads the store
 * and proves the secret where it must. `presented`: `undefined` for a malformed token. `fresh`: goes by what the store
 * says now, not by the cache. Rejects with `StoreError` or `UnavailableError` if it cannot tell.
 */
export type Identify = (
  presented: ParsedToken | ForeignKey | undefined,
  fresh: boolean,
  context: VerifyContext,
) => Promise<Identification>

/** The ids that the record of a foreign key can have: one for each prefix that is accepted. */
export type ForeignIds = (key: Pick<ForeignKey, 'locator'>) => Promise<readonly string[]>

export interface IdentifyParts {
  readonly environment: string
  readonly cache: TokenCache
  readonly loader: Loader
  readonly foreignIds: ForeignIds
  readonly prover: Prover
  readonly rehashes: RehashQueue
  readonly reporter: Reporter
  readonly clock: Clock
  /** How old an entry may be, in ms, and how much older while the store fails. */
  readonly ttl: number
  readonly staleIfError: number
}

/** A proof is void if the stored hash changes while it runs. It is repeated this often. */
const MAX_PROOFS = 3

export function createIdentify(parts: IdentifyParts): Identify {
  const { environment, cache, loader, foreignIds, prover, rehashes, reporter, clock, ttl, staleIfError } = parts

  /** The cached entry while it is recent, else the store's. An older one only if the store fails. */
  async function currentEntry(id: string): Promise<Entry | undefined> {
    const cached = cache.entry(id, clock.now())
    if (cached !== undefined) return cached
    if (cache.isUnknown(id, clock.now())) return undefined
    try {
      return await loader.load(id)
    } catch (error) {
      // Looked up again: an invalidation may have removed it.
      const stale = cache.entry(id, clock.now(), ttl + staleIfError)
      if (stale === undefined) throw error
      return stale
    }
  }

  /** The first of the records that there is. Only a foreign key may have one of several. */
  async function findEntry(ids: readonly string[], fresh: boolean): Promise<Entry | undefined> {
    for (const id of ids) {
      const entry = fresh ? await loader.load(id, true) : await currentEntry(id)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  function prove(
    presented: ParsedToken | ForeignKey,
    tag: string,
    digest: string,
    entry: Entry,
    secret: StoredSecret,
  ): Promise<boolean> {
    const { id, owner } = entry.token
    const { hash: phc } = secret
    const isUntagged = secret.tag === ''
    const proof = { phc, digest, owner, untaggedId: isUntagged ? id : undefined, secret: provable(presented, phc) }
    return prover.prove(proof, (nextHash) => {
      // A run at the same time may have been first.
      if (cache.findProof(digest, entry, secret) !== undefined) return
      cache.addProof(digest, entry, secret, nextHash)
      if (nextHash !== undefined || isUntagged) rehashes.add({ id, from: phc, to: nextHash ?? phc, tag })
    })
  }

  return async (presented, fresh, context) => {
    if (presented === undefined) return unidentified(DENIED.malformed)
    const isForeign = 'format' in presented
    const digest = digestOf(presented.token)
    const tag = isForeign ? foreignTag(presented) : tagOf(digest)
    const ids = isForeign ? await foreignIds(presented) : [presented.id]
    let provenHash: string | undefined
    for (let proofs = 0; ; proofs++) {
      // Also after a proof, which may have waited for long.
      const entry = await findEntry(ids, fresh)
      if (entry === undefined) return unidentified(DENIED.unknown, ids[0])
      const { id } = entry.token
      const now = clock.now()
      const secret = isForeign ? foreignSecret(entry, tag, now) : secretWithTag(entry, tag, now)
      if (secret === undefined) {
        reporter.wrongSecret(entry, tag, now, context)
        return unidentified(DENIED.wrong_secret, id)
      }
      const proof = cache.findProof(digest, entry, secret)
      if (proof !== undefined) return { ok: true, entry, secret, lastUse: proof.lastUse }
      // The proof may have been evicted already.
      if (secret.hash === provenHash) return { ok: true, entry, secret, lastUse: unused(id, secret.gen, secret.format) }
      if (!prover.canCheck(secret.hash)) throw missingHasher(environment, id, secret.hash)
      if (proofs === MAX_PROOFS) throw new UnavailableError('ERR_OVERLOADED', 'The stored hash keeps changing')
      if (!(await prove(presented, tag, digest, entry, secret))) return unidentified(DENIED.wrong_secret, id)
      provenHash = secret.hash
    }
  }
}

/** What is proven against a stored hash: of the SHA-256 of a foreign key, the digest. */
function provable(presented: ParsedToken | ForeignKey, phc: string): string {
  return 'format' in presented && isSha256(phc) ? sha256Phc(presented.digest) : presented.secret
}

/** Nobody can tell whether the secret is right, so it is an outage, not a wrong secret. */
function missingHasher(environment: string, id: string, phc: string): UnavailableError {
  const hash = kindOfHash(phc)
  publish('hasher-missing', { environment, id, hash })
  return new UnavailableError('ERR_HASHER', `No hasher here can check a hash of the kind ${hash}`)
}

function unidentified(verdict: DeniedVerdict, id?: string): Identification {
  return { ok: false, verdict, id }
}
