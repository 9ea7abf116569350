import { optionError } from '../errors.js'
import { isPlainScope } from '../policy/scopes.js'

/**
 * The scopes of a guard, checked once when it is made: a wildcard or an empty text would ask for something else.
 * Throws a `TypeError` (`ERR_OPTION`) for scopes that are not plain.
 */
export function guardScopes<Scope extends string>(scopes: readonly Scope[] = []): readonly Scope[] {
  for (const scope of scopes) {
    if (!isPlainScope(scope))
      throw optionError('requireToken scopes', `must be plain scopes, not ${JSON.stringify(scope)}`)
  }
  return Object.freeze([...scopes])
}
