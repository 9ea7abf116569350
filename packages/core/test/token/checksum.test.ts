import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ALPHABET, CHECKSUM_LENGTH, checksum } from '../../src/token/checksum.js'

/** CRC-32 by its definition, bit by bit: reflected polynomial 0xEDB88320. */
function crc32(text: string): number {
  let crc = 0xffffffff
  for (const byte of Buffer.from(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** 35 bits as text, cut into fives. */
function inBase32(crc: number): string {
  const bits = crc.toString(2).padStart(35, '0')
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('')
}

describe('checksum', () => {
  test.each([
    // Well-known values: the empty text, and the check value of CRC-32/ISO-HDLC.
    ['', 0x00000000, 'AAAAAAA'],
    ['123456789', 0xcbf43926, 'DF7IOJG'],
    ['a', 0xe8b7be43, 'DULPPSD'],
  ])('of %j is CRC-32, big-endian, in base32', (text, crc, expected) => {
    expect(crc32(text)).toBe(crc)
    expect(inBase32(crc)).toBe(expected)
    expect(checksum(text)).toBe(expected)
  })

  test('is that of the definition for every text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), (text) => {
        expect(checksum(text)).toBe(inBase32(crc32(text)))
        expect(checksum(text)).toHaveLength(CHECKSUM_LENGTH)
      }),
    )
  })

  test('begins with one of four letters, since its first three bits are zero', () => {
    fc.assert(fc.property(fc.string(), (text) => /^[A-D]/.test(checksum(text))))
  })
})
