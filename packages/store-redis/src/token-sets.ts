import { publicPartOf, TAIL_LENGTH } from './index-entries.js'

/** A set of token numbers, as Redis lays out a bitmap: bit n is bit 7 - n % 8 of byte n / 8. */
export type Bitmap = Uint8Array

/** An empty set with room for the numbers up to the highest. */
export function emptyBitmap(highest: number): Bitmap {
  return new Uint8Array((highest >> 3) + 1)
}

function hasBit(bitmap: Bitmap, n: number): boolean {
  return ((bitmap[n >> 3] ?? 0) & (0x80 >> (n & 7))) !== 0
}

export function setBit(bitmap: Bitmap, n: number): void {
  bitmap[n >> 3] = (bitmap[n >> 3] ?? 0) | (0x80 >> (n & 7))
}

export function union(bitmaps: readonly Bitmap[]): Bitmap {
  const result = new Uint8Array(Math.max(0, ...bitmaps.map(({ length }) => length)))
  for (const bitmap of bitmaps) for (let i = 0; i < bitmap.length; i++) result[i] = (result[i] ?? 0) | (bitmap[i] ?? 0)
  return result
}

export function intersection(a: Bitmap, b: Bitmap): Bitmap {
  return a.map((byte, i) => byte & (b[i] ?? 0))
}

export function difference(a: Bitmap, b: Bitmap): Bitmap {
  return a.map((byte, i) => byte & ~(b[i] ?? 0))
}

export function countBits(bitmap: Bitmap): number {
  let count = 0
  for (const byte of bitmap) count += ONES[byte] ?? 0
  return count
}

/** How many bits of a byte are set. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll('0', '').length)

/**
 * The tails of index members, number and raw id of a token each, one after another: a set of tokens that takes much
 * less memory and time than an object for each.
 */
export type Tails = Buffer

export const NO_TAILS: Tails = Buffer.alloc(0)

export function countOf(tails: Tails): number {
  return tails.length / TAIL_LENGTH
}

export function numberAt(tails: Tails, i: number): number {
  return tails.readUInt32BE(i * TAIL_LENGTH)
}

export function publicPartsOf(tails: Tails): string[] {
  return Array.from({ length: countOf(tails) }, (_, i) => publicPartOf(tails, i * TAIL_LENGTH + 4))
}

/** Those whose numbers are in the bitmap, in their order. */
export function tailsIn(tails: Tails, bitmap: Bitmap): Tails {
  const kept = Buffer.allocUnsafe(tails.length)
  let end = 0
  for (let i = 0; i < countOf(tails); i++) {
    if (hasBit(bitmap, numberAt(tails, i))) end += tails.copy(kept, end, i * TAIL_LENGTH, (i + 1) * TAIL_LENGTH)
  }
  return kept.subarray(0, end)
}

/** The numbers as a bitmap. */
export function bitmapOf(tails: Tails): Bitmap {
  let highest = 0
  for (let i = 0; i < countOf(tails); i++) highest = Math.max(highest, numberAt(tails, i))
  const bitmap = emptyBitmap(highest)
  for (let i = 0; i < countOf(tails); i++) setBit(bitmap, numberAt(tails, i))
  return bitmap
}
