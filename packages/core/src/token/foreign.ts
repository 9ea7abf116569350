import { hash } from 'node:crypto'
import { optionError } from '../errors.js'
import { publicPartOf } from './format.js'

/** A format of keys that were handed out by another system, and that are accepted beside the host's tokens. */
export interface ForeignFormat {
  /** Its name in imports, records and events: 1 to 32 of `a-z 0-9 -`, beginning with a letter. */
  readonly name: string
  /**
   * Matches a whole key, so it begins with `^` and ends with `$`. The first format that matches counts. It is tried on
   * texts of at most 512 characters that do not look like a token of the host.
   */
  readonly match: RegExp
  /** The SHA-256 that the other system stores of a key: hex, base64 or base64url. Default: that of the whole text. */
  readonly digest?: ((text: string) => string) | undefined
  /**
   * The part of a key that names it, if it has one: 1 to 256 characters. Keys with a bcrypt or Argon2 hash can be found
   * by it alone. Default: a key is found by its digest.
   */
  readonly id?: ((text: string) => string) | undefined
  /** The part of a key that its bcrypt or Argon2 hash was made of. Needs `id`. Default: the whole text. */
  readonly secret?: ((text: string) => string) | undefined
}

/** A text of a foreign format, taken apart. It need not be a genuine key. */
export interface ForeignKey {
  /** The name of its format. */
  readonly format: string
  /** The whole text. */
  readonly token: string
  /** As `digest` returns it, decoded: 32 bytes. */
  readonly digest: Buffer
  /** What its id is made of. */
  readonly locator: Buffer | string
  /** What a bcrypt or Argon2 hash was made of. */
  readonly secret: string
}

/** A checked format. */
export interface CompiledFormat {
  readonly name: string
  /** Of the key, without anchors. */
  readonly pattern: RegExp
  /** Whether keys are found by a part of their own. */
  readonly hasId: boolean
  /** Throws a `TypeError` (`ERR_OPTION`) if a function of the format returns something else than it must. */
  read(text: string): ForeignKey
}

/** The formats of an instance. */
export interface ForeignFormats {
  readonly all: readonly CompiledFormat[]
  /** The first format that a text matches. Longer texts than 512 characters match none. */
  find(text: unknown): CompiledFormat | undefined
}

/** Longer texts are not given to a pattern of the host, which may take more than linear time. */
const MAX_FOREIGN_LENGTH = 512
const MAX_ID_LENGTH = 256
const HEX = /^[0-9a-f]{64}$/i
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/

/** `pattern`: that of the format, without its anchors. */
export function compileFormat({ name, digest, id, secret }: ForeignFormat, pattern: RegExp): CompiledFormat {
  const place = `foreign ${name}`
  return {
    name,
    pattern,
    hasId: id !== undefined,
    read(text) {
      const bytes = digest === undefined ? hash('sha256', text, 'buffer') : decodeSha256(digest(text))
      if (bytes === undefined) {
        throw optionError(`${place} digest`, 'must return a SHA-256 in hex, base64 or base64url')
      }
      return {
        format: name,
        token: text,
        digest: bytes,
        locator: id === undefined ? bytes : requireIdPart(`${place} id`, id(text)),
        secret: secret === undefined ? text : requireText(`${place} secret`, secret(text)),
      }
    },
  }
}

export function foreignFormats(all: readonly CompiledFormat[]): ForeignFormats {
  const patterns = all.map((format) => ({ format, whole: anchored(format.pattern) }))
  return {
    all,
    find(text) {
      if (typeof text !== 'string' || text.length > MAX_FOREIGN_LENGTH) return undefined
      for (const { format, whole } of patterns) if (whole.test(text)) return format
      return undefined
    },
  }
}

function anchored({ source, flags }: RegExp): RegExp {
  return new RegExp(`^(?:${source})$`, flags)
}

/** A SHA-256 in hex, base64 or base64url as its 32 bytes, `undefined` for anything else. */
export function decodeSha256(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  if (HEX.test(text)) return Buffer.from(text, 'hex')
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined
}

/** The tag of a foreign secret: the first 8 hex digits of its digest. */
export function foreignTag({ digest }: Pick<ForeignKey, 'digest'>): string {
  return digest.toString('hex', 0, 4)
}

/** Whether this can be the part of a key that names it. */
export function isIdPart(part: unknown): part is string {
  return typeof part === 'string' && part !== '' && part.length <= MAX_ID_LENGTH
}

/**
 * The id of the record of a foreign key. It is keyed, so that it tells nothing of a weak key, and is another one in
 * each environment.
 */
export function foreignId(prefix: string, sealingKey: Uint8Array, locator: Buffer | string): string {
  return `${prefix}.${publicPartOf(sealingKey, 'foreign key', locator)}`
}

function requireIdPart(place: string, part: unknown): string {
  if (isIdPart(part)) return part
  throw optionError(place, `must return a text of 1 to ${MAX_ID_LENGTH} characters`)
}

function requireText(place: string, text: unknown): string {
  if (typeof text === 'string' && text !== '') return text
  throw optionError(place, 'must return a text that is not empty')
}
