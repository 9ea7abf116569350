import { optionError } from '../errors.js'
import { assertKnownOptions } from '../option-checks.js'
import { isPlainScope } from '../policy/scopes.js'
import type { GuardOptions } from './guard.js'

/**
 * The scopes that a guard is given, checked once when it is made. `others`: the names of the options that the adapter
 * itself has. Throws a `TypeError` (`ERR_OPTION`) for options of any other name, since a misspelt `scopes` would let in
 * every valid token, and for scopes that are not plain, which would ask for something else.
 */
export function guardScopes<Scope extends string>(
  options: GuardOptions<Scope>,
  others: readonly string[] = [],
): readonly Scope[] {
  assertKnownOptions('requireToken', options, ['scopes', ...others])
  const { scopes = [] } = options
  if (!Array.isArray(scopes)) throw optionError('requireToken.scopes', 'must be a list of scopes')
  for (const scope of scopes) {
    if (!isPlainScope(scope)) {
      throw optionError('requireToken.scopes', `must be plain scopes, not ${JSON.stringify(scope)}`)
    }
  }
  return Object.freeze([...scopes])
}
