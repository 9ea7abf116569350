import { compact } from '../compact.js'
import { err, ok, type Result } from '../result.js'
import { readSelectorTokens, type SelectorToken } from './selector-tokens.js'

/** The criteria of a selector, all of which a token must meet. Values are literal, exact and case-sensitive. */
export interface Selection {
  owner?: string
  personal?: boolean
  /** Any one of these; unique and not empty. */
  scopes?: string[]
}

/** Small enough for a cursor that holds it to fit into a request's headers. */
const MAX_BYTES = 4000

const QUOTED = { expected: 'a quoted value', fits: (token: SelectorToken) => token.kind === 'quoted' }
const BOOLEAN = {
  expected: 'true or false',
  fits: ({ kind, text }: SelectorToken) => kind === 'word' && (text === 'true' || text === 'false'),
}
const CRITERIA = new Map([
  ['owner', { argument: QUOTED, max: 1 }],
  ['personalAccessToken', { argument: BOOLEAN, max: 1 }],
  ['scope', { argument: QUOTED, max: 100 }],
])

/**
 * Reads `owner("x")`, `personalAccessToken(true|false)` and `scope("a","b")`, each at most once, joined by commas. In
 * quotes `~` escapes `"` and `~`, and nothing else. Blanks and tabs may stand around every token. An empty selector is
 * an error, and so is one of more than 4,000 bytes of UTF-8, or of more than 100 scopes. Positions in errors count code
 * points from 1. Not checked: whether an owner exists or a scope is well-formed.
 */
export function parseSelector(text: string): Result<Selection> {
  if (Buffer.byteLength(text) > MAX_BYTES) return err(`is longer than ${MAX_BYTES} bytes in UTF-8`)
  const tokens = readSelectorTokens(text)
  if (tokens[0]?.kind === 'end') return err('must not be empty')
  const given = new Map<string, readonly string[]>()
  for (let next = 0; ; next++) {
    const name = tokens[next]
    if (name?.kind !== 'word' || !CRITERIA.has(name.text)) {
      return unexpected(`one of ${[...CRITERIA.keys()].join(', ')}`, name)
    }
    if (given.has(name.text)) return err(`${name.text} is given a second time at character ${name.at}`)
    const list = readArguments(tokens, next)
    if (!list.ok) return list
    given.set(name.text, list.value.values)
    const separator = tokens[list.value.end]
    if (separator?.kind === 'end') return ok(selectionOf(given))
    if (separator?.kind !== ',') return unexpected('a comma or the end', separator)
    next = list.value.end
  }
}

/** Reads the values in the parentheses after the criterion at `start`; `end` is the index after them. */
function readArguments(tokens: readonly SelectorToken[], start: number): Result<{ values: string[]; end: number }> {
  const name = tokens[start]?.text ?? ''
  const { argument, max } = CRITERIA.get(name) ?? { argument: QUOTED, max: 0 }
  if (tokens[start + 1]?.kind !== '(') return unexpected('(', tokens[start + 1])
  const values: string[] = []
  for (let next = start + 2; ; next += 2) {
    const value = tokens[next]
    if (value === undefined || !argument.fits(value)) return unexpected(argument.expected, value)
    if (values.length === max) return err(`too many values in ${name} (at most ${max}) at character ${value.at}`)
    values.push(value.text)
    const separator = tokens[next + 1]
    if (separator?.kind === ')') return ok({ values, end: next + 2 })
    if (separator?.kind !== ',') return unexpected('a comma or )', separator)
  }
}

function selectionOf(given: ReadonlyMap<string, readonly string[]>): Selection {
  const personal = given.get('personalAccessToken')?.[0]
  const scopes = given.get('scope')
  return compact({
    owner: given.get('owner')?.[0],
    personal: personal === undefined ? undefined : personal === 'true',
    scopes: scopes && [...new Set(scopes)],
  })
}

/** The error of a token that is not what is expected in its place. */
function unexpected(expected: string, token: SelectorToken | undefined) {
  if (token?.kind === 'bad') return err(`${token.text} at character ${token.at}`)
  const place = token?.kind === 'end' ? 'at the end, character' : 'at character'
  return err(`expected ${expected} ${place} ${token?.at}`)
}
