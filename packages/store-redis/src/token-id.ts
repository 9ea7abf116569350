/** A token's id, taken apart. */
export interface TokenId {
  readonly prefix: string
  /** 24 characters, unique under any prefix. */
  readonly publicPart: string
}

const PATTERN = /^([a-z][a-z0-9]{1,15})\.([A-Z2-7]{24})$/
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** `undefined` for what cannot be the id of a stored token. */
export function parseTokenId(id: string): TokenId | undefined {
  const [, prefix, publicPart] = PATTERN.exec(id) ?? []
  return prefix === undefined || publicPart === undefined ? undefined : { prefix, publicPart }
}

/** The 15 bytes that the 24 characters spell; index members hold these. */
export function rawId(publicPart: string): Buffer {
  const raw = Buffer.allocUnsafe(15)
  // Eight characters are five bytes.
  for (let group = 0; group < 3; group++) {
    let high = 0
    let low = 0
    for (let i = 0; i < 4; i++) {
      high = high * 32 + bitsOf(publicPart.charCodeAt(group * 8 + i))
      low = low * 32 + bitsOf(publicPart.charCodeAt(group * 8 + 4 + i))
    }
    raw.writeUIntBE(high * 0x100000 + low, group * 5, 5)
  }
  return raw
}

/** Two characters for ten bits: lists take many ids apart. */
const PAIRS = Array.from({ length: 1_024 }, (_, bits) => ALPHABET.charAt(bits >> 5) + ALPHABET.charAt(bits & 31))

/** The 24 characters of 15 bytes, from `start` on. */
export function publicPartOf(raw: Uint8Array, start = 0): string {
  let text = ''
  // Five bytes are four pairs.
  for (let i = start; i < start + 15; i += 5) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = [raw[i], raw[i + 1], raw[i + 2], raw[i + 3], raw[i + 4]]
    text += pair((a << 2) | (b >> 6)) + pair((b << 4) | (c >> 4)) + pair((c << 6) | (d >> 2)) + pair((d << 8) | e)
  }
  return text
}

function pair(bits: number): string {
  return PAIRS[bits & 1_023] ?? ''
}

/** A-Z are 0 to 25, 2-7 are 26 to 31. */
function bitsOf(charCode: number): number {
  return charCode >= 65 ? charCode - 65 : charCode - 24
}
