import { optionError, quoted, shown } from '../errors.js'
import { isObject, isStringList } from '../option-checks.js'
import type { VerifyContext } from '../types.js'

/**
 * The context that a host passes, checked: a misspelt `scopes` would let every valid token in. Throws a `TypeError`
 * (`ERR_OPTION`) for members of any other name, and for scopes and resources that are not lists of strings. Texts that
 * are no resources may come from a request: they are denied, not thrown.
 */
export function checkContext(call: string, context: VerifyContext | undefined): VerifyContext | undefined {
  if (context === undefined) return undefined
  if (!isObject(context))
    throw optionError(call, `takes an object with some of ip, scopes, resources, not ${quoted(context)}`)
  for (const name in context) {
    if (name !== 'ip' && name !== 'scopes' && name !== 'resources') {
      throw optionError(`${call}.${shown(name)}`, 'is not an option. There are: ip, scopes, resources')
    }
  }
  const { scopes, resources } = context
  if (scopes !== undefined && !isStringList(scopes))
    throw optionError(`${call}.scopes`, `must be a list of scopes, not ${quoted(scopes)}`)
  if (resources !== undefined && resources !== 'any' && !isStringList(resources)) {
    throw optionError(`${call}.resources`, `must be a list of resources, or 'any', not ${quoted(resources)}`)
  }
  return context
}
