import { optionError } from '../errors.js'
import { assertKnownOptions } from '../option-checks.js'
import { DIALECTS } from './dialects/all.js'
import type { DialectName } from './dialects/dialect.js'

/**
 * Checks the options of management routes once, when they are made. `others`: the names of the options that the adapter
 * itself has. Throws a `TypeError` (`ERR_OPTION`) for options of any other name, for a dialect that there is not, and for
 * an `authorize` that is no function.
 */
export function checkRoutes(
  options: { readonly dialect?: DialectName; readonly authorize?: unknown },
  others: readonly string[] = [],
): void {
  assertKnownOptions('tokenRoutes', options, ['dialect', 'authorize', ...others])
  const { dialect = 'dynatrace', authorize } = options
  if (!Object.hasOwn(DIALECTS, dialect)) {
    const names = Object.keys(DIALECTS).map((name) => `'${name}'`)
    throw optionError('tokenRoutes.dialect', `must be ${names.join(' or ')}`)
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw optionError('tokenRoutes.authorize', 'must be a function')
  }
}
