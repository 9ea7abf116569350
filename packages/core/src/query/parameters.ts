import { err, ok, type Result } from '../result.js'

/** Reads a whole number in plain decimal digits, without sign and leading zeros, from `min` to `max`. */
export function parsePageSize(text: string, { min, max }: { min: number; max: number }): Result<number> {
  const size = /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : Number.NaN
  return size >= min && size <= max ? ok(size) : err(`must be a whole number from ${min} to ${max}`)
}

/**
 * Reads one of the names in `keys`, with `+` (ascending, the default) or `-` (descending) in front. A leading blank is
 * a `+` that was not encoded.
 */
export function parseSort<Key extends string>(
  text: string,
  keys: Readonly<Record<string, Key>>,
): Result<{ by: Key; direction: 'asc' | 'desc' }> {
  const name = /^[-+ ]/.test(text) ? text.slice(1) : text
  const by = Object.hasOwn(keys, name) ? keys[name] : undefined
  if (by === undefined) return err(`must be one of ${Object.keys(keys).join(', ')}, with + or - in front or without`)
  return ok({ by, direction: text.startsWith('-') ? 'desc' : 'asc' })
}

/**
 * Reads which members of a resource to show. `known` are all of them in the resource's own order, which the answer
 * keeps; the first, its id, is always shown. `+x` adds to `defaults`, `-x` removes from them, and a list without signs
 * replaces them.
 *
 * A `+` that was not encoded in a query arrives as a blank. So a leading blank makes the list a signed one, and in a
 * signed list a blank before a name without a sign stands for `+`. In other lists blanks before a name mean nothing.
 *
 * Errors: an empty list or name, an unknown name, a name given twice, signed names among plain ones.
 */
export function parseFields(
  text: string,
  known: readonly string[],
  defaults: readonly string[],
): Result<readonly string[]> {
  if (text === '') return err('must not be empty')
  const signed = /^[-+ ]/.test(text)
  const chosen = new Set(signed ? defaults : [])
  const named = new Set<string>()
  let before = 0
  // A text with more names than are known holds an unknown or a repeated one: no need to split it any further.
  for (const entry of text.split(',', known.length + 1)) {
    const [, blanks = '', sign = '', name = ''] = /^( *)([-+]?)(.*)$/s.exec(entry) ?? []
    const place = `at character ${before + blanks.length + sign.length + 1}`
    if (name === '') return err(`a field's name is missing ${place}`)
    if (!known.includes(name)) return err(`unknown field${quote(name)} ${place}; known are ${known.join(', ')}`)
    if (named.has(name)) return err(`field ${name} is given a second time ${place}`)
    if (signed ? sign + blanks === '' : sign !== '') {
      return err(`field ${name} ${place} mixes a plain list with one of + and -`)
    }
    named.add(name)
    if (sign === '-') chosen.delete(name)
    else chosen.add(name)
    before += entry.length + 1
  }
  return ok(known.filter((field, index) => index === 0 || chosen.has(field)))
}

/** Repeats an unknown name only if it looks like a name: it may be anything, and ends up in logs. */
function quote(name: string): string {
  return /^[A-Za-z]{1,40}$/.test(name) ? ` ${name}` : ''
}
