import type { Hasher } from './hasher.js'
import type { ProofQueue } from './proof-queue.js'

/** Called when a secret proved right. `nextHash`: what should replace the stored hash, if the hasher has changed. */
export type OnProven = (nextHash: string | undefined) => void

/** Makes hashes with the current hasher, and proves secrets with that and the accepted ones. */
export interface Prover {
  hash(secret: string): Promise<string>
  /** Whether there is a hasher for this stored hash. */
  canCheck(phc: string): boolean
  /**
   * Whether the secret belongs to the stored hash. Concurrent slow proofs of one token against one hash share a run;
   * `digest` identifies the token. `onProven` is called within the run, so that a caller who comes too late to share it
   * finds the outcome already noted.
   */
  prove(secret: string, phc: string, digest: string, onProven: OnProven): Promise<boolean>
}

export function createProver(hasher: Hasher, accepted: readonly Hasher[], queue: ProofQueue): Prover {
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
    hash: (secret) => (hasher.slow ? queue.run(`hash ${hashes++}`, () => hasher.hash(secret)) : hasher.hash(secret)),
    canCheck: (phc) => hashers.some((candidate) => candidate.recognizes(phc)),
    async prove(secret, phc, digest, onProven) {
      const verifying = hashers.find((candidate) => candidate.recognizes(phc))
      if (verifying === undefined) return false
      const run = () => attempt(verifying, secret, phc, onProven)
      const isSlow = verifying.slow || (hasher.slow && isOutdated(verifying, phc))
      return isSlow ? queue.run(`${digest} ${phc}`, run) : run()
    },
  }
}
