import { randomBytes } from 'node:crypto'
import { optionError } from '../errors.js'
import { ALPHABET, CHECKSUM_LENGTH, checksum } from './checksum.js'

const PUBLIC_LENGTH = 24
const SECRET_LENGTH = 64
const RANDOM_LENGTH = SECRET_LENGTH - CHECKSUM_LENGTH
const DOT = '.'.charCodeAt(0)

const PREFIX = /^[a-z][a-z0-9]{1,15}$/
const PUBLIC = new RegExp(`^[A-Z2-7]{${PUBLIC_LENGTH}}$`)
const AFTER_PREFIX = new RegExp(`^[A-Z2-7]{${PUBLIC_LENGTH}}\\.[A-Z2-7]{${SECRET_LENGTH}}$`)

/** The rule for a prefix, for error messages. */
export const PREFIX_RULE = 'must be 2 to 16 of a-z 0-9, beginning with a letter'

/** The parts of a well-formed token, which need not be genuine. */
export interface ParsedToken {
  /** `prefix.PUBLIC24` */
  readonly id: string
  /** The 64 characters after the second dot. */
  readonly secret: string
}

/** A token that was just made. */
export interface NewToken extends ParsedToken {
  /** The whole text. */
  readonly token: string
}

/** The token format `prefix.PUBLIC24.SECRET64` for one prefix. */
export interface TokenFormat {
  readonly prefix: string
  /** How many characters of a token are its id. */
  readonly idLength: number
  /** A new token: 120 random bits of id, 285 of secret. */
  generate(): NewToken
  /** A new secret for the same id. */
  renew(id: string): NewToken
  /** Whether this has the outer shape of a token: length, prefix and dots. Takes nanoseconds. */
  hasShape(text: unknown): text is string
  /** The id in a text of that shape, else `undefined`. */
  idOf(text: unknown): string | undefined
  /** The parts of a well-formed token: shape, alphabet and checksum are right. Takes linear time. */
  parse(text: unknown): ParsedToken | undefined
  /** Whether this is an id of this prefix. */
  isId(text: unknown): boolean
}

export function isPrefix(text: unknown): text is string {
  return typeof text === 'string' && PREFIX.test(text)
}

/** `prefix`: one that satisfies `isPrefix`. */
export function tokenFormat(prefix: string): TokenFormat {
  const head = `${prefix}.`
  const idLength = head.length + PUBLIC_LENGTH
  const tokenLength = idLength + 1 + SECRET_LENGTH

  function hasShape(text: unknown): text is string {
    return (
      typeof text === 'string' &&
      text.length === tokenLength &&
      text.charCodeAt(idLength) === DOT &&
      text.startsWith(head)
    )
  }

  function renew(id: string): NewToken {
    const body = `${id}.${randomText(RANDOM_LENGTH)}`
    const token = body + checksum(body)
    return { id, secret: token.slice(idLength + 1), token }
  }

  return {
    prefix,
    idLength,
    generate: () => renew(head + randomText(PUBLIC_LENGTH)),
    renew,
    hasShape,
    idOf: (text) => (hasShape(text) ? text.slice(0, idLength) : undefined),
    parse(text) {
      if (!hasShape(text) || !AFTER_PREFIX.test(text.slice(head.length))) return undefined
      const body = text.slice(0, tokenLength - CHECKSUM_LENGTH)
      if (!text.endsWith(checksum(body))) return undefined
      return { id: detached(text.slice(0, idLength)), secret: text.slice(idLength + 1) }
    },
    isId: (text) =>
      typeof text === 'string' &&
      text.length === idLength &&
      text.startsWith(head) &&
      PUBLIC.test(text.slice(head.length)),
  }
}

/**
 * A global pattern that finds tokens in text, for secret scanners: those of one prefix, or of any. It runs in linear time
 * and does not verify the checksum. Throws a `TypeError` (`ERR_OPTION`) for a text that cannot be a prefix.
 *
 * @example
 * const leaked = log.match(tokenPattern('acme')) ?? []
 */
export function tokenPattern(prefix?: string): RegExp {
  if (prefix !== undefined && !isPrefix(prefix)) throw optionError('tokenPattern prefix', PREFIX_RULE)
  const head = prefix ?? '[a-z][a-z0-9]{1,15}'
  return new RegExp(`\\b${head}\\.[A-Z2-7]{${PUBLIC_LENGTH}}\\.[A-Z2-7]{${SECRET_LENGTH}}\\b`, 'g')
}

/** A copy with memory of its own: a slice would keep the whole token in memory for as long as its id is kept. */
function detached(id: string): string {
  return Buffer.from(id, 'latin1').toString('latin1')
}

/** Random characters, uniform because the alphabet has 32 of them. */
function randomText(length: number): string {
  let text = ''
  for (const byte of randomBytes(length)) text += ALPHABET[byte & 31]
  return text
}
