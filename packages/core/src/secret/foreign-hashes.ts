import { timingSafeEqual } from 'node:crypto'
import { isArgon2WithinLimits, verifyArgon2 } from './argon2id.js'
import type { Hasher } from './hasher.js'
import { loadNative } from './native.js'

/** A greater cost is not computed: one of 16 takes 5 seconds. */
const MAX_BCRYPT_COST = 14
/** bcrypt reads no more: of two longer secrets that begin alike, each would pass for the other. */
const MAX_BCRYPT_BYTES = 72
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const SHA256 = '$sha256$'

/** How the SHA-256 of a foreign key is stored. */
export function sha256Phc(digest: Buffer): string {
  return SHA256 + digest.toString('base64').slice(0, -1)
}

export function isSha256(phc: string): boolean {
  return phc.startsWith(SHA256)
}

/** What is wrong with a bcrypt or Argon2 hash of another system, if anything. Loads what is needed to check it. */
export function foreignHashProblem(phc: string): string | undefined {
  if (phc.startsWith('$argon2')) {
    return isArgon2WithinLimits(phc) ? undefined : 'Not a PHC string of Argon2 within the limits of argon2id().'
  }
  const cost = Number(BCRYPT.exec(phc)?.[1])
  if (Number.isNaN(cost)) return 'Must be a PHC string of Argon2, or a bcrypt hash that begins with $2a$, $2b$ or $2y$.'
  if (cost > MAX_BCRYPT_COST) return `The cost of a bcrypt hash is at most ${MAX_BCRYPT_COST}, not ${cost}.`
  bcrypt()
  return undefined
}

/** Compares digests: its secret is what `sha256Phc` makes of a digest. */
const sha256: Hasher = {
  id: 'sha256',
  slow: false,
  hash: async (digest) => digest,
  async verify(digest, phc) {
    const [presented, stored] = [Buffer.from(digest), Buffer.from(phc)]
    return presented.length === stored.length && timingSafeEqual(presented, stored)
  },
  recognizes: isSha256,
  isCurrent: () => true,
}

const bcryptHash: Hasher = {
  ...unableToHash('bcrypt'),
  async verify(secret, phc) {
    const cost = Number(BCRYPT.exec(phc)?.[1] ?? Number.POSITIVE_INFINITY)
    if (cost > MAX_BCRYPT_COST || Buffer.byteLength(secret) > MAX_BCRYPT_BYTES) return false
    return bcrypt().verify(secret, phc)
  },
  recognizes: (phc) => BCRYPT.test(phc) && isLoaded(bcrypt),
}

const argon2: Hasher = {
  ...unableToHash('argon2'),
  verify: verifyArgon2,
  recognizes: (phc) => phc.startsWith('$argon2'),
}

/** Verify the stored hashes of other systems. They make none. */
export const FOREIGN_HASHERS: readonly Hasher[] = [sha256, bcryptHash, argon2]

/** The part of the optional peer `@node-rs/bcrypt` that is used. */
interface Bcrypt {
  verify(secret: string, hash: string): Promise<boolean>
}

let loadedBcrypt: Bcrypt | undefined

function bcrypt(): Bcrypt {
  loadedBcrypt ??= loadNative<Bcrypt>('foreign', '@node-rs/bcrypt', ': keys with a bcrypt hash need it')
  return loadedBcrypt
}

function isLoaded(load: () => unknown): boolean {
  try {
    load()
    return true
  } catch {
    return false
  }
}

function unableToHash(id: string) {
  return {
    id,
    slow: true,
    hash: async () => {
      throw new TypeError(`hashes of ${id} are not made here`)
    },
    isCurrent: () => false,
  }
}
