import { err, ok, type Result } from '../result.js'

/**
 * Reads which members of a resource are asked for. `known` are all of them in the resource's own order, which the
 * answer keeps; the first, its id, is always among the answer. `+x` adds to `defaults`, `-x` takes away, and a list
 * without signs replaces them.
 *
 * A `+` that was not encoded in a query reaches us as a blank. So a leading blank makes the list a signed one, and in a
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
  // More names than are known hold an unknown or a repeated one: no need to cut a long text any further.
  for (const entry of text.split(',', known.length + 1)) {
    const [, blanks = '', sign = '', name = ''] = /^( *)([-+]?)(.*)$/s.exec(entry) ?? []
    const place = `at character ${before + blanks.length + sign.length + 1}`
    if (name === '') return err(`a field's name is missing ${place}`)
    if (!known.includes(name)) return err(`unknown field${shown(name)} ${place}; known are ${known.join(', ')}`)
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

/** Repeats a wrong name only if it looks like a name: it may be anything, and ends up in logs. */
function shown(name: string): string {
  return /^[A-Za-z]{1,40}$/.test(name) ? ` ${name}` : ''
}
