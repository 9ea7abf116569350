import type { Hasher } from './hasher.js'
import type { ProofQueue } from './proof-queue.js'

/** The outcome of proving a secret. `rehash`: the hash that should replace the stored one. */
export interface Proof {
  readonly ok: boolean
  readonly rehash?: string
}

/** Makes and proves hashes with the current hasher and those still accepted. */
export interface Prover {
  hash(secret: string): Promise<string>
  /** `digest` identifies the presented token: concurrent proofs of one token against one hash share a run. */
  prove(secret: string, phc: string, digest: string): Promise<Proof>
}

const FAILED: Proof = { ok: false }
const PROVEN: Proof = { ok: true }

export function createProver(hasher: Hasher, accepted: readonly Hasher[], queue: ProofQueue): Prover {
  const hashers = [hasher, ...accepted]
  let sequence = 0

  async function attempt(maker: Hasher, secret: string, phc: string): Promise<Proof> {
    if (!(await maker.verify(secret, phc))) return FAILED
    return maker === hasher && hasher.isCurrent(phc) ? PROVEN : { ok: true, rehash: await hasher.hash(secret) }
  }

  return {
    hash: (secret) => (hasher.slow ? queue.run(`hash ${sequence++}`, () => hasher.hash(secret)) : hasher.hash(secret)),
    async prove(secret, phc, digest) {
      const maker = hashers.find((candidate) => candidate.recognizes(phc))
      if (maker === undefined) return FAILED
      const slow = maker.slow || (hasher.slow && !(maker === hasher && hasher.isCurrent(phc)))
      return slow ? queue.run(`${digest} ${phc}`, () => attempt(maker, secret, phc)) : attempt(maker, secret, phc)
    },
  }
}
