import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { optionError, quoted } from '../errors.js'
import { assertKnownOptions } from '../option-checks.js'
import type { Hasher } from './hasher.js'

/** The keys, which the host keeps secret. */
export interface HmacSha256Options {
  /**
   * Keys by name (`[A-Za-z0-9_-]`, at most 32 characters), each of 32 bytes or more, as bytes or base64. Keep them
   * outside the store. Without its key, a token cannot be verified any more.
   */
  keys: Readonly<Record<string, string | Uint8Array>>
  /** The name of the key for new hashes. A token that was hashed with another key gets a new hash on its next use. */
  current: string
}

const PHC = /^\$hmac-sha256\$k=([A-Za-z0-9_-]{1,32})\$([A-Za-z0-9+/]{43})$/
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const KEY_NAME = /^[A-Za-z0-9_-]{1,32}$/

/**
 * A hasher that makes HMAC-SHA-256 hashes with a key of the host (a pepper). For secrets of 285 random bits it is as
 * strong as Argon2id, and takes microseconds: the choice for tens of thousands of active tokens per process.
 *
 * Throws a `TypeError` (`ERR_OPTION`) for missing, short or badly named keys.
 *
 * @example
 * const hasher = hmacSha256({ keys: { k1: process.env.PEPPER_K1 ?? '' }, current: 'k1' })
 * const latchkey = createLatchkey({ store, hasher })
 */
export function hmacSha256(options: HmacSha256Options): Hasher {
  assertKnownOptions('hmacSha256', options, ['keys', 'current'])
  if (typeof options.keys !== 'object' || options.keys === null) {
    throw optionError('hmacSha256 keys', 'must be an object of keys by name')
  }
  const keys = new Map<string, KeyObject>()
  for (const [name, value] of Object.entries(options.keys)) keys.set(name, readKey(name, value))
  const currentName = options.current
  const currentKey = keys.get(currentName)
  if (currentKey === undefined) {
    throw optionError(
      'hmacSha256 current',
      `must name one of keys (${[...keys.keys()].join(', ')}), not ${quoted(currentName)}`,
    )
  }

  return {
    id: 'hmac-sha256',
    slow: false,
    hash: async (secret) =>
      `$hmac-sha256$k=${currentName}$${mac(currentKey, secret).toString('base64').replace('=', '')}`,
    async verify(secret, phc) {
      const match = PHC.exec(phc)
      const key = keys.get(match?.[1] ?? '')
      if (match === null || key === undefined) return false
      const stored = Buffer.from(match[2] ?? '', 'base64')
      const computed = mac(key, secret)
      return stored.length === computed.length && timingSafeEqual(stored, computed)
    },
    // Another hasher may have the keys that are not here.
    recognizes: (phc) => keys.has(PHC.exec(phc)?.[1] ?? ''),
    isCurrent: (phc) => phc.startsWith(`$hmac-sha256$k=${currentName}$`),
  }
}

function mac(key: KeyObject, secret: string): Buffer {
  return createHmac('sha256', key).update(secret).digest()
}

function readKey(name: string, value: unknown): KeyObject {
  if (!KEY_NAME.test(name)) throw optionError('hmacSha256 keys', 'must have names of 1 to 32 letters, digits, _ or -')
  const bytes = readBytes(value)
  if (bytes === undefined || bytes.length < 32)
    throw optionError(`hmacSha256 keys.${name}`, 'must hold at least 32 bytes (as bytes or base64)')
  return createSecretKey(bytes)
}

/** Checked, because Node ignores characters that are not base64: a passphrase would lose its spaces. */
function readBytes(value: unknown): Buffer | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
}
