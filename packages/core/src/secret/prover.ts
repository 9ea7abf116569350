import { LRUCache } from 'lru-cache'
import { isSha256 } from './foreign-hashes.js'
import type { Hasher } from './hasher.js'
import type { ProofQueue } from './proof-queue.js'

/** Called when a secret proved right. `nextHash`: what should replace the stored hash, if the hasher has changed. */
export type OnProven = (nextHash: string | undefined) => void

/** Makes hashes with the current hasher, and proves secrets with that and the accepted ones. */
export interface Prover {
  /**
   * `recheck` is called when the turn of a slow hash comes, which may be late, and rejects if it is not wanted any
   * more. `caller`: whose hashes are bounded together.
   */
  hash(secret: string, recheck: () => Promise<void>, caller: string | undefined): Promise<string>
  /** Whether there is a hasher for this stored hash. */
  canCheck(phc: string): boolean
  /**
   * Whether a presented secret belongs to the stored hash. Concurrent slow proofs of one token against one hash share a
   * run. `onProven` is called within the run, so that a caller who comes too late to share it finds the outcome already
   * noted.
   */
  prove(presented: Presented, onProven: OnProven): Promise<boolean>
}

/** A secret that is to be proven. */
export interface Presented {
  readonly secret: string
  /** The stored hash. */
  readonly phc: string
  /** Identifies the whole token. */
  readonly digest: string
  /** Of the token. Owners take turns, so that the many tokens of one do not delay those of others. */
  readonly owner: string
  /**
   * The id of a token without a tag: a foreign one with a slow hash, before its first proof. Anybody who knows the part
   * that names such a key can have its hash computed, so these proofs have a queue of their own.
   */
  readonly untaggedId: string | undefined
}

/**
 * Slow hashes of presented secrets, of new ones, and of presented secrets that may be a stranger's guess: those of one
 * kind must not hold up those of another.
 */
export interface ProofQueues {
  readonly verification: ProofQueue
  readonly issuance: ProofQueue
  readonly guesses: ProofQueue
}

/** This many wrong secrets that took a slow hash are remembered: a client that repeats one costs nothing more. */
const MAX_FAILURES = 1_000

export function createProver(
  hasher: Hasher,
  accepted: readonly Hasher[],
  { verification, issuance, guesses }: ProofQueues,
): Prover {
  const hashers = [hasher, ...accepted]
  const failures = new LRUCache<string, true>({ max: MAX_FAILURES })
  let hashes = 0

  async function attempt(verifying: Hasher, secret: string, phc: string, onProven: OnProven): Promise<boolean> {
    if (!(await verifying.verify(secret, phc))) return false
    onProven(isOutdated(verifying, phc) ? await hasher.hash(secret) : undefined)
    return true
  }

  /** The SHA-256 of a foreign key stays as it is: no other hash can be made of it. */
  function isOutdated(verifying: Hasher, phc: string): boolean {
    return !isSha256(phc) && (verifying !== hasher || !hasher.isCurrent(phc))
  }

  return {
    async hash(secret, recheck, caller) {
      if (!hasher.slow) return hasher.hash(secret)
      const job = async () => {
        await recheck()
        return hasher.hash(secret)
      }
      return issuance.run(`hash ${hashes++}`, job, caller)
    },
    canCheck: (phc) => hashers.some((candidate) => candidate.recognizes(phc)),
    async prove({ secret, phc, digest, owner, untaggedId }, onProven) {
      const verifying = hashers.find((candidate) => candidate.recognizes(phc))
      if (verifying === undefined) return false
      const run = () => attempt(verifying, secret, phc, onProven)
      const isSlow = verifying.slow || (hasher.slow && isOutdated(verifying, phc))
      if (!isSlow) return run()
      const key = `${digest} ${phc}`
      if (untaggedId === undefined) return verification.run(key, run, owner)
      if (failures.get(key)) return false
      const isRight = await guesses.run(key, run, untaggedId)
      if (!isRight) failures.set(key, true)
      return isRight
    },
  }
}
