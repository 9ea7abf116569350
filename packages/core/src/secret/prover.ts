import type { Hasher } from './hasher.js'
import type { ProofQueue } from './proof-queue.js'

/** Called when a secret proved right. `nextHash`: what should replace the stored hash, if the hasher has changed. */
export type OnProven = (nextHash: string | undefined) => void

/** Makes hashes with the current hasher, and proves secrets with that and the accepted ones. */
export interface Prover {
  /**
   * `recheck` is called when the turn of a slow hash comes, which may be late, and rejects if it is not wanted any more.
   * `caller`: whose hashes are bounded together.
   */
  hash(secret: string, recheck: () => Promise<void>, caller: string | undefined): Promise<string>
  /** Whether there is a hasher for this stored hash. */
  canCheck(phc: string): boolean
  /**
   * Whether the secret belongs to the stored hash. Concurrent slow proofs of one token against one hash share a run;
   * `digest` identifies the token. `onProven` is called within the run, so that a caller who comes too late to share it
   * finds the outcome already noted. `owner`: of the token. Owners take turns, so that the many tokens of one do not delay
   * those of others.
   */
  prove(secret: string, phc: string, digest: string, owner: string, onProven: OnProven): Promise<boolean>
}

/** Slow hashes of presented secrets, and of new ones: who issues many secrets must not hold up those who present theirs. */
export interface ProofQueues {
  readonly verification: ProofQueue
  readonly issuance: ProofQueue
}

export function createProver(
  hasher: Hasher,
  accepted: readonly Hasher[],
  { verification, issuance }: ProofQueues,
): Prover {
  const hashers = [hasher, ...accepted]
  let hashes = 0

  async function attempt(verifying: Hasher, secret: string, phc: string, onProven: OnProven): Promise<boolean> {
    if (!(await verifying.verify(secret, phc))) return false
    onProven(isOutdated(verifying, phc) ? await hasher.hash(secret) : undefined)
    return true
  }

  function isOutdated(verifying: Hasher, phc: string): boolean {
    return verifying !== hasher || !hasher.isCurrent(phc)
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
    async prove(secret, phc, digest, owner, onProven) {
      const verifying = hashers.find((candidate) => candidate.recognizes(phc))
      if (verifying === undefined) return false
      const run = () => attempt(verifying, secret, phc, onProven)
      const isSlow = verifying.slow || (hasher.slow && isOutdated(verifying, phc))
      return isSlow ? verification.run(`${digest} ${phc}`, run, owner) : run()
    },
  }
}
