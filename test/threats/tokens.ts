import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Anybody can make these: well-formed, with a right checksum. Without an id: known to nobody. */
export function forge(id = `acme.${random(24)}`): string {
  return sealed(`${id}.${random(57)}`)
}

/** The token with one character of its secret changed, and the checksum to match. */
export function alter(token: string, index: number): string {
  const at = token.length - 64 + index
  const other = ALPHABET[(ALPHABET.indexOf(token.charAt(at)) + 1) % 32]
  return sealed(token.slice(0, at) + other + token.slice(at + 1, -7))
}

function sealed(body: string): string {
  const crc = crc32(body)
  return body + [30, 25, 20, 15, 10, 5, 0].map((shift) => ALPHABET[(crc >>> shift) & 31]).join('')
}

function random(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(32)]).join('')
}
