import { hash, verify } from '@node-rs/argon2'
import { optionError } from '../errors.js'
import type { Hasher } from './hasher.js'

/** The cost of new hashes. Stored ones of other costs are replaced on their next use. */
export interface Argon2idOptions {
  /** Memory in KiB, 8 to 65,536. Default 19,456. */
  memory?: number
  /** Passes over the memory, 1 to 10. Default 2. */
  passes?: number
  /** Lanes, 1 to 4. Default 1. */
  parallelism?: number
}

/** Stored hashes above these are not computed at all: one of 2 GiB would stop a server for seconds. */
const LIMIT = { memory: 65_536, passes: 10, parallelism: 4 } as const

/** `Algorithm.Argon2id` of the binding, whose const enum cannot be imported from isolated modules. */
const ARGON2ID = 2

const PHC = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,4})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,86}$/

/**
 * Argon2id with OWASP's minimum as default (19 MiB, 2 passes, 1 lane). A proof takes 10 to 15 ms of one core and
 * runs once per token and process.
 *
 * Throws a `TypeError` (`ERR_OPTION`) for parameters out of range.
 * Source: OWASP Password Storage Cheat Sheet; RFC 9106.
 */
export function argon2id(options: Argon2idOptions = {}): Hasher {
  const memory = parameter('memory', options.memory ?? 19_456, 8, LIMIT.memory)
  const passes = parameter('passes', options.passes ?? 2, 1, LIMIT.passes)
  const parallelism = parameter('parallelism', options.parallelism ?? 1, 1, LIMIT.parallelism)
  if (memory < 8 * parallelism)
    throw optionError('argon2id memory', `must be at least 8 KiB per lane, ${8 * parallelism}`)
  const current = `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$`

  return {
    id: 'argon2id',
    slow: true,
    hash: (secret) =>
      hash(secret, { algorithm: ARGON2ID, memoryCost: memory, timeCost: passes, parallelism, outputLen: 32 }),
    async verify(secret, phc) {
      if (!withinLimits(phc)) return false
      try {
        return await verify(phc, secret)
      } catch {
        return false
      }
    },
    recognizes: (phc) => phc.startsWith('$argon2id$'),
    isCurrent: (phc) => phc.startsWith(current),
  }
}

function withinLimits(phc: string): boolean {
  const match = PHC.exec(phc)
  if (match === null) return false
  const [memory, passes, parallelism] = match.slice(1).map(Number)
  return (
    memory !== undefined &&
    memory <= LIMIT.memory &&
    passes !== undefined &&
    passes <= LIMIT.passes &&
    parallelism !== undefined &&
    parallelism <= LIMIT.parallelism
  )
}

function parameter(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw optionError(`argon2id ${name}`, `must be a whole number from ${least} to ${most}`)
  }
  return value
}
