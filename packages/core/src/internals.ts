import { optionError, quoted } from './errors.js'
import type { ManageContext } from './manage/context.js'
import type { Settings } from './settings.js'
import type { Clock } from './verify/clock.js'
import type { Verifier } from './verify/verifier.js'
import { VERSION } from './version.js'

/** What the HTTP layer needs of an instance beyond its public methods. */
export interface Internals {
  readonly settings: Settings
  readonly context: ManageContext
  readonly verifier: Verifier
  readonly clock: Clock
}

/*
 * An adapter may come with another copy of this package than the instance that it is given. They work together as long
 * as both know the same form of Internals: raise its number when a member that the HTTP layer uses changes.
 */
const INTERNALS = Symbol.for('@latchkey/core/internals/1')
/** The version of the copy that made an instance. */
const MADE_BY = Symbol.for('@latchkey/core/version')

interface Made {
  /** A function, so that no inspection of an instance, however deep, prints what is behind it. */
  readonly [INTERNALS]?: () => Internals
  readonly [MADE_BY]?: string
}

export function setInternals(instance: object, members: Internals): void {
  Object.defineProperty(instance, INTERNALS, { value: () => members })
  Object.defineProperty(instance, MADE_BY, { value: VERSION })
}

/** Throws a `TypeError` (`ERR_OPTION`) for anything but an instance, and for one of an incompatible copy. */
export function internalsOf(instance: object): Internals {
  const isObject = typeof instance === 'object' && instance !== null
  const made: Made = isObject ? instance : {}
  const members = made[INTERNALS]?.()
  if (members !== undefined) return members
  if (made[MADE_BY] === undefined) {
    throw optionError('latchkey', `must be an instance made by createLatchkey, not ${quoted(instance)}`)
  }
  const copies = `was made by @latchkey/core ${made[MADE_BY]}, which does not work with @latchkey/core ${VERSION} of this adapter`
  throw optionError('latchkey', `${copies}. Install one version: npm ls @latchkey/core shows who brings which`)
}

/**
 * Whether a hasher of the instance can check this stored hash. Throws a `TypeError` (`ERR_OPTION`) for what is no
 * instance.
 *
 * @example
 * const isUseless = record.secrets.some(({ hash }) => !canCheckHash(latchkey, hash))
 */
export function canCheckHash(latchkey: object, hash: string): boolean {
  return internalsOf(latchkey).context.prover.canCheck(hash)
}
