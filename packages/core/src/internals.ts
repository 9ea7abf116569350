import { optionError } from './errors.js'
import type { ManageContext } from './manage/context.js'
import type { Settings } from './settings.js'
import type { Clock } from './verify/clock.js'
import type { Verifier } from './verify/verifier.js'

/** What the HTTP layer needs of an instance beyond its public methods. */
export interface Internals {
  readonly settings: Settings
  readonly context: ManageContext
  readonly verifier: Verifier
  readonly clock: Clock
}

const internals = new WeakMap<object, Internals>()

export function setInternals(instance: object, members: Internals): void {
  internals.set(instance, members)
}

/** Throws a `TypeError` (`ERR_OPTION`) for anything but an instance. */
export function internalsOf(instance: object): Internals {
  const isObject = typeof instance === 'object' && instance !== null
  const members = isObject ? internals.get(instance) : undefined
  if (members === undefined) {
    const problem =
      'must be an instance made by createLatchkey. If it is one, two copies of @latchkey/core are installed'
    throw optionError('latchkey', `${problem}: see npm ls @latchkey/core`)
  }
  return members
}
