import { createRequire } from 'node:module'
import { optionError } from '../errors.js'

type Binding = typeof import('@node-rs/argon2')

/** Not a literal in a `require`: a bundler would follow it to a native module. */
const NAME = '@node-rs/argon2'

/** Loads the native module at the first call. Throws a `TypeError` (`ERR_OPTION`) where it is missing. */
export function loadArgon2(): Binding {
  try {
    // A bundle of ES modules has no __filename; there the module stands where the program would find it.
    const from = typeof __filename === 'string' ? __filename : (process.argv[1] ?? `${process.cwd()}/`)
    return createRequire(from)(NAME) as Binding
  } catch (cause) {
    const problem = `cannot load the native module ${NAME}. Install it where this program runs, or choose hmacSha256`
    throw Object.assign(optionError('argon2id', problem), { cause })
  }
}
