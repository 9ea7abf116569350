import stringWidth from 'string-width'

/** C0 and C1 controls, which a terminal may obey, and the marks that change the direction of what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/

/** Text that somebody else chose, made harmless for a terminal. `kept`: characters that stay as they are. */
export function plain(text: string, kept = ''): string {
  return text.replace(UNSAFE, (character) => (kept.includes(character) ? character : '\ufffd'))
}

/** A value as JSON. Stays on one line, and holds nothing that a terminal obeys. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Cut to this many columns, with `…` where something is missing, and filled up to them. Isolated if it runs from right to left. */
export function fitted(text: string, width: number): string {
  const cut = widthOf(text) <= width ? text : truncated(text, width)
  const filled = cut + ' '.repeat(Math.max(0, width - widthOf(cut)))
  return RIGHT_TO_LEFT.test(cut) ? `\u2068${cut}\u2069${filled.slice(cut.length)}` : filled
}

function truncated(text: string, width: number): string {
  let cut = ''
  for (const { segment } of graphemes.segment(text)) {
    if (widthOf(cut + segment) > width - 1) break
    cut += segment
  }
  return `${cut}…`
}
