/**
 * A token of a selector. `at` is its position in the text, in code points from 1. The last one is `end`, or `bad`,
 * whose text says what is wrong.
 */
export interface SelectorToken {
  readonly kind: 'word' | 'quoted' | '(' | ')' | ',' | 'end' | 'bad'
  /** Of a quoted value: without its quotes and escapes. */
  readonly text: string
  readonly at: number
}

/** Splits a selector into its tokens, up to its end or the first position where there is none. Linear in its length. */
export function readSelectorTokens(text: string): readonly SelectorToken[] {
  const chars = Array.from(text)
  const tokens: SelectorToken[] = []
  let at = 0
  while (at < chars.length) {
    const char = chars[at] ?? ''
    if (char === ' ' || char === '\t') {
      at++
      continue
    }
    const { token, length } = readToken(chars, at, char)
    tokens.push(token)
    if (token.kind === 'bad') return tokens
    at += length
  }
  tokens.push({ kind: 'end', text: '', at: chars.length + 1 })
  return tokens
}

interface Read {
  readonly token: SelectorToken
  /** How many code points of the text it takes. */
  readonly length: number
}

function readToken(chars: readonly string[], start: number, char: string): Read {
  if (char === '(' || char === ')' || char === ',') {
    return { token: { kind: char, text: char, at: start + 1 }, length: 1 }
  }
  if (char === '"') return readQuoted(chars, start)
  let end = start
  while (/^[A-Za-z]$/.test(chars[end] ?? '')) end++
  if (end === start) return bad('unexpected character', start)
  return { token: { kind: 'word', text: chars.slice(start, end).join(''), at: start + 1 }, length: end - start }
}

function readQuoted(chars: readonly string[], start: number): Read {
  let value = ''
  for (let at = start + 1; at < chars.length; at++) {
    let char = chars[at] ?? ''
    if (char === '"') return { token: { kind: 'quoted', text: value, at: start + 1 }, length: at + 1 - start }
    if (char === '~') {
      char = chars[++at] ?? ''
      if (char !== '"' && char !== '~') return bad('~ must be followed by " or ~', at - 1)
    }
    if (/^[\p{Cc}\p{Cs}]$/u.test(char)) return bad('control character or lone surrogate', at)
    value += char
  }
  return bad('quote without an end', start)
}

function bad(text: string, index: number): Read {
  return { token: { kind: 'bad', text, at: index + 1 }, length: 0 }
}
