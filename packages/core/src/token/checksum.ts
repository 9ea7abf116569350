import { crc32 } from 'node:zlib'

/** The base32 alphabet of RFC 4648: no lower case, no 0 or 1, five bits a character. */
export const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export const CHECKSUM_LENGTH = 7

/**
 * The CRC-32 of a text as seven base32 characters: 32 bits, big-endian, after three zero bits. It tells typing errors and
 * junk from tokens without any I/O. It proves nothing: anybody can compute it.
 */
export function checksum(text: string): string {
  const crc = crc32(text)
  let encoded = ''
  for (let shift = 30; shift >= 0; shift -= 5) encoded += ALPHABET[(crc >>> shift) & 31]
  return encoded
}
