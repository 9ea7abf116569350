import { optionError } from '../errors.js'
import { assertKnownOptions, integerOption } from '../option-checks.js'
import type { Hasher } from './hasher.js'
import { loadNative } from './native.js'

/** The cost of new hashes. A stored hash of another cost is replaced on the next use of its token. */
export interface Argon2idOptions {
  /** Memory in KiB, 8 to 65,536. Default 19,456. */
  memory?: number | undefined
  /** Passes over the memory, 1 to 10. Default 2. */
  passes?: number | undefined
  /** Lanes, 1 to 4. Default 1. */
  parallelism?: number | undefined
}

/** Stored hashes above these are not computed: one of 2 GiB would stop a server for seconds. */
const MAX = { memory: 65_536, passes: 10, parallelism: 4 } as const

/** `Algorithm.Argon2id` of the binding. Its const enum cannot be imported with `isolatedModules`. */
const ARGON2ID = 2

const PHC =
  /^\$argon2(?:id|i|d)\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,4})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,86}$/

/**
 * A hasher that makes Argon2id hashes, by default with OWASP's minimum (19 MiB, 2 passes, 1 lane). A proof takes 10 to
 * 15 ms of one core. It runs once per token and process, not once per request.
 *
 * Throws a `TypeError` (`ERR_OPTION`) for parameters out of range, and where the native module `@node-rs/argon2` cannot
 * be loaded, which happens here and not before: hosts that never call this need no native module. Source: OWASP
 * Password Storage Cheat Sheet; RFC 9106.
 *
 * @example
 * const latchkey = createLatchkey({ store, hasher: argon2id({ memory: 32_768 }) })
 */
export function argon2id(options: Argon2idOptions = {}): Hasher {
  assertKnownOptions('argon2id', options, ['memory', 'passes', 'parallelism'])
  const memory = integerOption('argon2id memory', options.memory ?? 19_456, 8, MAX.memory)
  const passes = integerOption('argon2id passes', options.passes ?? 2, 1, MAX.passes)
  const parallelism = integerOption('argon2id parallelism', options.parallelism ?? 1, 1, MAX.parallelism)
  if (memory < 8 * parallelism)
    throw optionError('argon2id memory', `must be at least 8 KiB per lane, ${8 * parallelism}`)
  const { hash, verify } = loadArgon2()
  const current = `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$`

  return {
    id: 'argon2id',
    slow: true,
    hash: (secret) =>
      hash(secret, { algorithm: ARGON2ID, memoryCost: memory, timeCost: passes, parallelism, outputLen: 32 }),
    verify: async (secret, phc) => verifyWith(verify, secret, phc),
    recognizes: (phc) => phc.startsWith('$argon2id$'),
    isCurrent: (phc) => phc.startsWith(current),
  }
}

type Binding = typeof import('@node-rs/argon2')

function loadArgon2(): Binding {
  return loadNative('argon2id', '@node-rs/argon2', ', or choose hmacSha256')
}

/** As the hasher of `argon2id()`, for stored hashes of any variant of Argon2. */
export async function verifyArgon2(secret: string, phc: string): Promise<boolean> {
  return verifyWith(loadArgon2().verify, secret, phc)
}

async function verifyWith(verify: Binding['verify'], secret: string, phc: string): Promise<boolean> {
  if (!isArgon2WithinLimits(phc)) return false
  try {
    return await verify(phc, secret)
  } catch {
    return false
  }
}

/** Whether this is a PHC string of Argon2 (id, i or d) whose cost is below the limits. */
export function isArgon2WithinLimits(phc: string): boolean {
  const numbers = PHC.exec(phc)?.slice(1).map(Number) ?? []
  const [memory = Infinity, passes = Infinity, parallelism = Infinity] = numbers
  return memory <= MAX.memory && passes <= MAX.passes && parallelism <= MAX.parallelism
}
