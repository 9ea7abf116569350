import { crc32 } from 'node:zlib'

/** RFC 4648's base32 alphabet: no lower case, no 0 or 1, five bits a character. */
export const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export const CHECKSUM_LENGTH = 7

/**
 * The CRC-32 of a text as seven base32 characters: 32 bits big-endian, with three zero bits in front. It tells typing
 * errors and junk from tokens without any I/O; it is no secret and proves nothing.
 */
export function checksum(text: string): string {
  const crc = crc32(text)
  let out = ''
  for (let shift = 30; shift >= 0; shift -= 5) out += ALPHABET[(crc >>> shift) & 31]
  return out
}
