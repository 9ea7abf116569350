/**
 * A copy of a short text with memory of its own. A part of a text keeps the whole in memory: an id its token, an
 * address the long header that it stood in. Only the lower byte of each character is kept.
 */
export function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
