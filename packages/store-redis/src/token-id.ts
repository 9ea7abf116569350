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

export function publicPartOf(raw: Uint8Array): string {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  let text = ''
  for (let group = 0; group < 3; group++) {
    const value = bytes.readUIntBE(group * 5, 5)
    const high = Math.floor(value / 0x100000)
    const low = value % 0x100000
    for (const part of [high, low]) {
      for (let shift = 15; shift >= 0; shift -= 5) text += ALPHABET.charAt((part >> shift) & 31)
    }
  }
  return text
}

/** A-Z are 0 to 25, 2-7 are 26 to 31. */
function bitsOf(charCode: number): number {
  return charCode >= 65 ? charCode - 65 : charCode - 24
}
