import { isRegExp } from 'node:util/types'
import { optionError, quoted } from './errors.js'
import { assertKnownOptions, isObject } from './option-checks.js'
import {
  type CompiledFormat,
  compileFormat,
  type ForeignFormat,
  type ForeignFormats,
  foreignFormats,
} from './token/foreign.js'

const NAME = /^[a-z][a-z0-9-]{0,31}$/
const FLAGS = /^[iuv]*$/
const FUNCTIONS = ['digest', 'id', 'secret'] as const

/** The option `foreign`, checked. Throws a `TypeError` (`ERR_OPTION`) that names what is wrong. */
export function readForeign(given: readonly ForeignFormat[] = []): ForeignFormats {
  if (!Array.isArray(given)) throw optionError('foreign', `must be a list of formats, not ${quoted(given)}`)
  const names = new Set<string>()
  return foreignFormats(
    given.map((format: ForeignFormat, i) => {
      const compiled = readFormat(`foreign[${i}]`, format)
      if (names.has(compiled.name)) throw optionError(`foreign[${i}].name`, `must not be ${compiled.name} again`)
      names.add(compiled.name)
      return compiled
    }),
  )
}

function readFormat(place: string, format: ForeignFormat): CompiledFormat {
  if (!isObject(format)) throw optionError(place, `must be a format { name, match }, not ${quoted(format)}`)
  assertKnownOptions(place, format, ['name', 'match', ...FUNCTIONS])
  const { name, match, digest, id, secret } = format
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw optionError(`${place}.name`, `must be 1 to 32 of a-z 0-9 -, beginning with a letter, not ${quoted(name)}`)
  }
  for (const member of FUNCTIONS) {
    const value = format[member]
    if (value !== undefined && typeof value !== 'function') {
      throw optionError(`${place}.${member}`, `must be a function of the key's text, not ${quoted(value)}`)
    }
  }
  if (secret !== undefined && id === undefined) {
    throw optionError(`${place}.secret`, 'needs id: keys with a bcrypt or Argon2 hash are found by their id alone')
  }
  return compileFormat({ name, match, digest, id, secret }, readPattern(`${place}.match`, match))
}

/** The pattern without its anchors. */
function readPattern(place: string, match: unknown): RegExp {
  if (!isRegExp(match)) throw optionError(place, `must be a regular expression, not ${quoted(match)}`)
  const { source, flags } = match
  if (!FLAGS.test(flags)) throw optionError(place, `may have the flags i, u and v, not ${flags}`)
  if (!source.startsWith('^') || !/(?<!\\)(?:\\\\)*\$$/.test(source)) {
    throw optionError(place, 'must match the whole key: begin it with ^ and end it with $')
  }
  const pattern = new RegExp(source.slice(1, -1), flags)
  if (new RegExp(`^(?:${pattern.source})$`, flags).test('')) throw optionError(place, 'must not match an empty text')
  return pattern
}
