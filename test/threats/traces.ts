import { createHash } from 'node:crypto'

/**
 * What of a token's secret is to be found in a text: the secret or a good part of it, in whatever case, in hex or
 * base64, and the whole digest that would stand for it.
 */
export function tracesOf(token: string, text: string): readonly string[] {
  const secret = token.slice(token.lastIndexOf('.') + 1)
  const parts = [0, 16, 32, 41].map((from) => secret.slice(from, from + 16))
  const wanted = {
    part: parts,
    'part in lower case': parts.map((part) => part.toLowerCase()),
    hex: parts.map((part) => Buffer.from(part).toString('hex')),
    // Wherever in it the part begins, two of these three stand in it somewhere.
    base64: [0, 1, 2].map((from) => Buffer.from(secret.slice(from, from + 30)).toString('base64')),
    digest: [createHash('sha256').update(token).digest('hex'), createHash('sha256').update(secret).digest('hex')],
  }
  return Object.entries(wanted).flatMap(([kind, forms]) => (forms.some((form) => text.includes(form)) ? [kind] : []))
}
