import { err, ok, type Result } from '../result.js'

/**
 * Reads one of the names in `keys`, with `+` (ascending, the default) or `-` (descending) in front. A leading blank is a
 * `+` that was not encoded.
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
