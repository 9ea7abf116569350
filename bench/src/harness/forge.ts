import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { BASE32_ALPHABET } from '@latchkey/core/store'

// What an attacker can make who knows how a token is built: everything but a right secret.

/** A well-formed token with this id and a random secret. */
export function forgedSecret(id: string): string {
  const body = `${id}.${randomText(57)}`
  return body + checksum(body)
}

/** A well-formed token that was never issued. */
export function forgedToken(): string {
  return forgedSecret(`lk.${randomText(24)}`)
}

/** The token with another last character, so that only its checksum is wrong. */
export function mistyped(token: string): string {
  const last = BASE32_ALPHABET.indexOf(token.slice(-1))
  return token.slice(0, -1) + BASE32_ALPHABET.charAt((last + 1) % 32)
}

export function idOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}

function checksum(text: string): string {
  const crc = crc32(text)
  return [30, 25, 20, 15, 10, 5, 0].map((shift) => BASE32_ALPHABET.charAt((crc >>> shift) & 31)).join('')
}

function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => BASE32_ALPHABET.charAt(byte & 31)).join('')
}
