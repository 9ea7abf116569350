import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

// What an attacker can make who has read how a token is built: everything but a secret that is right.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A well-formed token with this id and a secret of its own. */
export function forgedSecret(id: string): string {
  const body = `${id}.${randomText(57)}`
  return body + checksum(body)
}

/** A well-formed token that nobody ever issued. */
export function forgedToken(prefix = 'lk'): string {
  return forgedSecret(`${prefix}.${randomText(24)}`)
}

/** A token with its last character replaced: everything is right but the checksum. */
export function mistyped(token: string): string {
  const last = ALPHABET.indexOf(token.slice(-1))
  return token.slice(0, -1) + ALPHABET.charAt((last + 1) % 32)
}

export function idOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}

function checksum(text: string): string {
  const crc = crc32(text)
  let out = ''
  for (let shift = 30; shift >= 0; shift -= 5) out += ALPHABET.charAt((crc >>> shift) & 31)
  return out
}

function randomText(length: number): string {
  let out = ''
  for (const byte of randomBytes(length)) out += ALPHABET.charAt(byte & 31)
  return out
}
