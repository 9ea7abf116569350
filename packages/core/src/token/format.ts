import { randomBytes } from 'node:crypto'
import { optionError } from '../errors.js'
import { ALPHABET, CHECKSUM_LENGTH, checksum } from './checksum.js'

const PUBLIC_LENGTH = 24
const SECRET_LENGTH = 64
const RANDOM_LENGTH = SECRET_LENGTH - CHECKSUM_LENGTH
/** What a prefix must be, in words. */
export const PREFIX_RULE = 'must be 2 to 16 of a-z 0-9, beginning with a letter'

const PREFIX = /^[a-z][a-z0-9]{1,15}$/
const PUBLIC = new RegExp(`^[A-Z2-7]{${PUBLIC_LENGTH}}$`)
const REST = new RegExp(`^[A-Z2-7]{${PUBLIC_LENGTH}}\\.[A-Z2-7]{${SECRET_LENGTH}}$`)

/** What a well-formed token says. Whether it is genuine is not known yet. */
export interface ParsedToken {
  readonly id: string
  /** The 64 characters behind the id. */
  readonly secret: string
}

/** The token format `prefix.PUBLIC24.SECRET64` for one prefix. */
export interface TokenFormat {
  readonly prefix: string
  /** How many characters of a token are its id. */
  readonly idLength: number
  /** A fresh token: 120 random bits of id, 285 of secret. */
  generate(): ParsedToken & { readonly token: string }
  /** The same id with a fresh secret. */
  renew(id: string): ParsedToken & { readonly token: string }
  /** Whether this has a token's outer shape: length, prefix and dots are checked, nothing else. */
  hasShape(text: unknown): text is string
  /** The id in a text of that shape. */
  idOf(text: unknown): string | undefined
  /** Strict and linear: alphabet and checksum too. */
  parse(text: unknown): ParsedToken | undefined
  isId(text: unknown): boolean
}

export function isPrefix(text: unknown): text is string {
  return typeof text === 'string' && PREFIX.test(text)
}

export function tokenFormat(prefix: string): TokenFormat {
  const head = `${prefix}.`
  const idLength = head.length + PUBLIC_LENGTH
  const tokenLength = idLength + 1 + SECRET_LENGTH

  function hasShape(text: unknown): text is string {
    return (
      typeof text === 'string' &&
      text.length === tokenLength &&
      text.charCodeAt(idLength) === 46 &&
      text.startsWith(head)
    )
  }

  function idOf(text: unknown): string | undefined {
    return hasShape(text) ? text.slice(0, idLength) : undefined
  }

  function renew(id: string): ParsedToken & { readonly token: string } {
    const body = `${id}.${randomText(RANDOM_LENGTH)}`
    const token = body + checksum(body)
    return { id, secret: token.slice(idLength + 1), token }
  }

  return {
    prefix,
    idLength,
    hasShape,
    idOf,
    renew,
    generate: () => renew(head + randomText(PUBLIC_LENGTH)),
    parse(text) {
      if (!hasShape(text) || !REST.test(text.slice(head.length))) return undefined
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
 * Finds tokens in text, for secret scanners: those of one prefix, or of any. Global, linear, with a low rate of false
 * alarms; the checksum can be verified afterwards. Throws a `TypeError` (`ERR_OPTION`) for what is no prefix.
 */
export function tokenPattern(prefix?: string): RegExp {
  if (prefix !== undefined && !isPrefix(prefix)) throw optionError('tokenPattern prefix', PREFIX_RULE)
  const head = prefix ?? '[a-z][a-z0-9]{1,15}'
  return new RegExp(`\\b${head}\\.[A-Z2-7]{${PUBLIC_LENGTH}}\\.[A-Z2-7]{${SECRET_LENGTH}}\\b`, 'g')
}

/** A copy that does not hold on to the text it was cut from: a whole token would stay in memory with its id. */
function detached(id: string): string {
  return Buffer.from(id, 'latin1').toString('latin1')
}

/** Uniform, since the alphabet has 32 letters. */
function randomText(length: number): string {
  let out = ''
  for (const byte of randomBytes(length)) out += ALPHABET[byte & 31]
  return out
}
