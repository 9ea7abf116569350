/** A set of token numbers, as Redis lays out a bitmap: bit n is bit 7 - n % 8 of byte n / 8. */
export type Bitmap = Uint8Array

export function hasBit(bitmap: Bitmap, n: number): boolean {
  return ((bitmap[n >> 3] ?? 0) & (0x80 >> (n & 7))) !== 0
}

export function setBit(bitmap: Bitmap, n: number): void {
  bitmap[n >> 3] = (bitmap[n >> 3] ?? 0) | (0x80 >> (n & 7))
}

/** The union; as long as the longest. */
export function union(bitmaps: readonly Bitmap[]): Bitmap {
  const [first = new Uint8Array(), ...others] = [...bitmaps].sort((a, b) => b.length - a.length)
  const result = first.slice()
  for (const other of others) for (let i = 0; i < other.length; i++) result[i] = (result[i] ?? 0) | (other[i] ?? 0)
  return result
}

export function intersect(a: Bitmap, b: Bitmap): Bitmap {
  const result = a.slice(0, Math.min(a.length, b.length))
  for (let i = 0; i < result.length; i++) result[i] = (result[i] ?? 0) & (b[i] ?? 0)
  return result
}

export function without(a: Bitmap, b: Bitmap): Bitmap {
  const result = a.slice()
  for (let i = 0; i < Math.min(a.length, b.length); i++) result[i] = (result[i] ?? 0) & ~(b[i] ?? 0)
  return result
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0
  for (let rest = byte; rest > 0; rest >>= 1) ones += rest & 1
  return ones
})

export function countBits(bitmap: Bitmap): number {
  let count = 0
  for (let i = 0; i < bitmap.length; i++) count += ONES[bitmap[i] ?? 0] ?? 0
  return count
}
