import { createRequire } from 'node:module'
import { optionError } from '../errors.js'

/**
 * Loads a native module at the first call that needs it. Throws a `TypeError` (`ERR_OPTION`) where it is missing.
 * `name` is no literal in a `require`: a bundler would follow it to a native module. `who` names what needs it, and
 * `advice` says what else can be done.
 */
export function loadNative<Binding>(who: string, name: string, advice: string): Binding {
  try {
    // A bundle of ES modules has no __filename; there the module stands where the program would find it.
    const from = typeof __filename === 'string' ? __filename : (process.argv[1] ?? `${process.cwd()}/`)
    return createRequire(from)(name) as Binding
  } catch (cause) {
    const problem = `cannot load the native module ${name}. Install it where this program runs${advice}`
    throw Object.assign(optionError(who, problem), { cause })
  }
}
