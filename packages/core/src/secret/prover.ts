import type { Hasher } from './hasher.js'
import type { ProofQueue } from './proof-queue.js'

/** Told of a right secret. `rehash`: the hash that should replace the stored one. */
export type OnProven = (rehash: string | undefined) => void

/** Makes and proves hashes with the current hasher and those still accepted. */
export interface Prover {
  hash(secret: string): Promise<string>
  /**
   * Whether the secret belongs to the stored hash. `digest` identifies the presented token: concurrent proofs of one
   * token against one hash share a run. `proven` is called within the run, so that whoever comes too late to share it
   * can know its outcome.
   */
  prove(secret: string, phc: string, digest: string, proven: OnProven): Promise<boolean>
}

export function createProver(hasher: Hasher, accepted: readonly Hasher[], queue: ProofQueue): Prover {
  const hashers = [hasher, ...accepted]
  let sequence = 0

  async function attempt(maker: Hasher, secret: string, phc: string, proven: OnProven): Promise<boolean> {
    if (!(await maker.verify(secret, phc))) return false
    proven(maker === hasher && hasher.isCurrent(phc) ? undefined : await hasher.hash(secret))
    return true
  }

  return {
    hash: (secret) => (hasher.slow ? queue.run(`hash ${sequence++}`, () => hasher.hash(secret)) : hasher.hash(secret)),
    async prove(secret, phc, digest, proven) {
      const maker = hashers.find((candidate) => candidate.recognizes(phc))
      if (maker === undefined) return false
      const run = () => attempt(maker, secret, phc, proven)
      const slow = maker.slow || (hasher.slow && !(maker === hasher && hasher.isCurrent(phc)))
      return slow ? queue.run(`${digest} ${phc}`, run) : run()
    },
  }
}
