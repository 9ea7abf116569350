import { BASE32_ALPHABET } from '@latchkey/core/store'

/** The bytes that the 24 base32 characters of a public part spell. */
export const RAW_ID_LENGTH = 15

/** The raw id of a public part. */
export function rawId(publicPart: string): Buffer {
  const raw = Buffer.allocUnsafe(RAW_ID_LENGTH)
  let bits = 0
  let value = 0
  let at = 0
  for (let i = 0; i < publicPart.length; i++) {
    value = ((value << 5) | valueOfCharacter(publicPart.charCodeAt(i))) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    raw[at++] = value >> bits
  }
  return raw
}

/** The public part of the raw id that begins at `start`. */
export function publicPartOf(raw: Uint8Array, start = 0): string {
  let text = ''
  // Five bytes are four pairs of characters.
  for (let i = start; i < start + RAW_ID_LENGTH; i += 5) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = [raw[i], raw[i + 1], raw[i + 2], raw[i + 3], raw[i + 4]]
    text += pair((a << 2) | (b >> 6)) + pair((b << 4) | (c >> 4)) + pair((c << 6) | (d >> 2)) + pair((d << 8) | e)
  }
  return text
}

/** Ten bits are two characters. */
const PAIRS = Array.from(
  { length: 1_024 },
  (_, bits) => BASE32_ALPHABET.charAt(bits >> 5) + BASE32_ALPHABET.charAt(bits & 31),
)

function pair(bits: number): string {
  return PAIRS[bits & 1_023] ?? ''
}

/** A-Z are 0 to 25, 2-7 are 26 to 31. */
function valueOfCharacter(charCode: number): number {
  return charCode >= 65 ? charCode - 65 : charCode - 24
}
