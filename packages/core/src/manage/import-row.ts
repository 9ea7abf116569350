import { foreignHashProblem, sha256Phc } from '../secret/foreign-hashes.js'
import {
  type CompiledFormat,
  decodeSha256,
  type ForeignFormats,
  type ForeignKey,
  foreignTag,
  isIdPart,
} from '../token/foreign.js'
import type { TokenFormat } from '../token/format.js'
import type { StoredSecret } from '../types.js'
import type { CheckedInput } from './check-input.js'
import type { CheckedCreate, CreateInput, Timeframe } from './inputs.js'

/**
 * A key of another system. The key itself is one of `sha256`, `hash` and `key`. `null` counts as absent in every
 * optional member.
 */
export interface ImportRow extends Omit<CreateInput, 'owner' | 'expiresAt'> {
  owner: string
  /** Default `false`. */
  personal?: boolean | null | undefined
  /** Default: never. A key that has expired is imported, and refused. `maxLifetime` does not apply. */
  expiresAt?: Timeframe | null | undefined
  /** Default: now. */
  createdAt?: Timeframe | null | undefined
  lastUsedAt?: Timeframe | null | undefined
  /** The name of its format. Needed if the option `foreign` has several, unless there is a `key`. */
  format?: string | null | undefined
  /** The part of the key that names it, where the format has an `id`. Not needed with `key`. */
  id?: string | null | undefined
  /** The SHA-256 of the key, as the `digest` of its format returns it: in hex, base64 or base64url. */
  sha256?: string | null | undefined
  /** A PHC string of Argon2, or a bcrypt hash. Its format must have an `id`. */
  hash?: string | null | undefined
  /** The key itself. Its SHA-256 alone is kept. */
  key?: string | null | undefined
}

/** A checked row. How the key is given was not looked at yet. */
export interface CheckedRow extends CheckedCreate {
  owner: string
  createdAt?: number
  lastUsedAt?: number
  format?: string
  id?: string
  sha256?: string
  hash?: string
  key?: string
}

/** What is stored of a key, and what its id is made of. */
export type ImportedKey = Pick<ForeignKey, 'locator'> & Required<Pick<StoredSecret, 'hash' | 'tag' | 'format'>>

interface Formats {
  readonly format: TokenFormat
  readonly foreign: ForeignFormats
}

/** The key of a row, or what is wrong with it. No message repeats a part of it. */
export function readKey(formats: Formats, row: CheckedRow): CheckedInput<ImportedKey> {
  const given = [row.sha256, row.hash, row.key].filter((value) => value !== undefined)
  if (given.length !== 1) return violation('', 'Needs one of sha256, hash and key.')
  return row.key === undefined ? readHash(formats, row) : readWholeKey(formats, row, row.key)
}

function readWholeKey({ format, foreign }: Formats, row: CheckedRow, key: string): CheckedInput<ImportedKey> {
  const found = format.hasShape(key) ? undefined : foreign.find(key)
  if (found === undefined) return violation('key', 'Is of no format that is declared.')
  if (row.format !== undefined && row.format !== found.name) {
    return violation('format', `The key is of the format ${found.name}, which stands before.`)
  }
  const { digest, locator } = found.read(key)
  if (row.id !== undefined && row.id !== locator) return violation('id', 'Is not the one in the key.')
  return ok({ format: found.name, locator, hash: sha256Phc(digest), tag: foreignTag({ digest }) })
}

function readHash(
  { foreign }: Formats,
  { format: name, id, sha256, hash = '' }: CheckedRow,
): CheckedInput<ImportedKey> {
  const [only, ...others] = foreign.all
  const format = name === undefined && others.length === 0 ? only : foreign.all.find((one) => one.name === name)
  if (format === undefined)
    return violation('format', `Must be one of ${foreign.all.map((one) => one.name).join(', ')}.`)
  if (format.hasId && !isIdPart(id)) return violation('id', `Keys of the format ${format.name} have one.`)
  if (!format.hasId && id !== undefined) return violation('id', `Keys of the format ${format.name} have none.`)
  if (sha256 === undefined) return readSlowHash(format, id, hash)
  const digest = decodeSha256(sha256)
  if (digest === undefined) return violation('sha256', 'Must be a SHA-256 in hex, base64 or base64url.')
  return ok({ format: format.name, locator: id ?? digest, hash: sha256Phc(digest), tag: foreignTag({ digest }) })
}

function readSlowHash(
  { name, hasId }: CompiledFormat,
  id: string | undefined,
  hash: string,
): CheckedInput<ImportedKey> {
  if (!hasId || id === undefined) {
    return violation('hash', `Keys with such a hash are found by their id, and the format ${name} has none.`)
  }
  const problem = foreignHashProblem(hash)
  return problem === undefined ? ok({ format: name, locator: id, hash, tag: '' }) : violation('hash', problem)
}

function ok(value: ImportedKey): CheckedInput<ImportedKey> {
  return { ok: true, value }
}

function violation(path: string, message: string): CheckedInput<ImportedKey> {
  return { ok: false, violations: [{ path, message }] }
}
