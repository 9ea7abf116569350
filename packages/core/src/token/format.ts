import { createHmac, hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { detached } from '../detached.js'
import { optionError } from '../errors.js'

/** The base32 alphabet of RFC 4648: no lower case, no 0 or 1, five bits a character. */
export const BASE32_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export const CHECKSUM_LENGTH = 7
const PUBLIC_LENGTH = 24
const SECRET_LENGTH = 64
const RANDOM_LENGTH = SECRET_LENGTH - CHECKSUM_LENGTH
const DOT = '.'.charCodeAt(0)

const ANY_PREFIX = '[a-z][a-z0-9]{1,15}'
const PREFIX = new RegExp(`^${ANY_PREFIX}$`)
const TOKEN = new RegExp(`^${ANY_PREFIX}\\.[A-Z2-7]{${PUBLIC_LENGTH}}\\.[A-Z2-7]{${SECRET_LENGTH}}$`)
/** No token is longer. */
const MAX_LENGTH = 16 + 1 + PUBLIC_LENGTH + 1 + SECRET_LENGTH

/** The rule for a prefix, for error messages. */
export const PREFIX_RULE = 'must be 2 to 16 of a-z 0-9, beginning with a letter'

/** The parts of a well-formed token, which need not be genuine. */
export interface ParsedToken {
  /** `prefix.PUBLIC24` */
  readonly id: string
  /** The 64 characters after the second dot. */
  readonly secret: string
  /** The whole text. */
  readonly token: string
}

/** The token format `prefix.PUBLIC24.SECRET64` for the prefix of new tokens, and for former ones that are accepted. */
export interface TokenFormat {
  readonly prefix: string
  /** A new token: 120 random bits of id, 285 of secret. `publicPart`: instead of the random one. */
  generate(publicPart?: string): ParsedToken
  /** A new secret for the same id. */
  renew(id: string): ParsedToken
  /** Whether this has the outer shape of an accepted token: length, prefix and dots. Takes nanoseconds. */
  hasShape(text: unknown): text is string
  /** As `parseToken`, of an accepted prefix. */
  parse(text: unknown): ParsedToken | undefined
  /** Whether the prefix of this id is accepted. */
  accepts(id: string): boolean
}

export function isPrefix(text: unknown): text is string {
  return typeof text === 'string' && PREFIX.test(text)
}

/** `prefix`, and each of `accepted`: one that satisfies `isPrefix`. */
export function tokenFormat(prefix: string, accepted: readonly string[] = []): TokenFormat {
  const head = `${prefix}.`
  const otherHeads = accepted.map((other) => `${other}.`)

  const beginsWith = (text: string, head: string): boolean =>
    text.length === head.length + PUBLIC_LENGTH + 1 + SECRET_LENGTH &&
    text.charCodeAt(head.length + PUBLIC_LENGTH) === DOT &&
    text.startsWith(head)

  const hasShape = (text: unknown): text is string =>
    typeof text === 'string' && (beginsWith(text, head) || otherHeads.some((other) => beginsWith(text, other)))

  function renew(id: string): ParsedToken {
    const body = `${id}.${randomText(RANDOM_LENGTH)}`
    const token = body + checksum(body)
    return { id, secret: token.slice(-SECRET_LENGTH), token }
  }

  return {
    prefix,
    generate: (publicPart = randomText(PUBLIC_LENGTH)) => renew(head + publicPart),
    renew,
    hasShape,
    parse: (text) => (hasShape(text) ? parseToken(text) : undefined),
    accepts: (id) => id.startsWith(head) || otherHeads.some((other) => id.startsWith(other)),
  }
}

/** The id in a text that has the shape of a token. */
export function idIn(text: string): string {
  return text.slice(0, -SECRET_LENGTH - 1)
}

/** The parts of a well-formed token of any prefix: shape, alphabet and checksum are right. Takes linear time. */
export function parseToken(text: unknown): ParsedToken | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH || !TOKEN.test(text)) return undefined
  if (!text.endsWith(checksum(text.slice(0, -CHECKSUM_LENGTH)))) return undefined
  return { id: detached(idIn(text)), secret: text.slice(-SECRET_LENGTH), token: text }
}

/**
 * A global pattern that finds tokens in text, for secret scanners: those of one prefix, or of any. It runs in linear
 * time and does not verify the checksum. Throws a `TypeError` (`ERR_OPTION`) for a text that cannot be a prefix.
 *
 * @example
 * const leaked = log.match(tokenPattern('acme')) ?? []
 */
export function tokenPattern(prefix?: string): RegExp {
  if (prefix !== undefined && !isPrefix(prefix)) throw optionError('tokenPattern prefix', PREFIX_RULE)
  const head = prefix ?? ANY_PREFIX
  return new RegExp(`\\b${head}\\.[A-Z2-7]{${PUBLIC_LENGTH}}\\.[A-Z2-7]{${SECRET_LENGTH}}\\b`, 'g')
}

/**
 * The public part that follows from a name: always the same one, and random to who does not have the key. `purpose`
 * keeps names of different kinds apart.
 */
export function publicPartOf(sealingKey: Uint8Array, purpose: string, name: Uint8Array | string): string {
  const digest = createHmac('sha256', sealingKey).update(`${purpose}\0`).update(name).digest()
  return textOf(digest.subarray(0, PUBLIC_LENGTH))
}

/** Random characters, uniform because the alphabet has 32 of them. */
function randomText(length: number): string {
  return textOf(randomBytes(length))
}

function textOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += BASE32_ALPHABET[byte & 31]
  return text
}

/**
 * The CRC-32 of a text as seven base32 characters: 32 bits, big-endian, after three zero bits. It tells typing errors
 * and junk from tokens without any I/O. It proves nothing: anybody can compute it.
 */
export function checksum(text: string): string {
  const crc = crc32(text)
  let encoded = ''
  for (let shift = 30; shift >= 0; shift -= 5) encoded += BASE32_ALPHABET[(crc >>> shift) & 31]
  return encoded
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * The SHA-256 of a whole token, one character for each of its 32 bytes: half as long as hex digits. It stands for the
 * token in the cache. A token has 285 random bits, so its digest does not reveal it.
 */
export function digestOf(token: string): string {
  return hash('sha256', token, 'binary')
}

/** The first 32 bits of a digest, in hex. The record holds it: all wrong secrets but one in 2^32 need no slow hash. */
export function tagOf(digest: string): string {
  return hexAt(digest, 0) + hexAt(digest, 1) + hexAt(digest, 2) + hexAt(digest, 3)
}

function hexAt(digest: string, index: number): string {
  return HEX[digest.charCodeAt(index)] ?? ''
}
