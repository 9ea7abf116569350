import type { Latchkey } from '../instance.js'
import { internalsOf } from '../internals.js'

/**
 * Whether a hasher of the instance can check this stored hash. Throws a `TypeError` (`ERR_OPTION`) for what is no instance.
 *
 * @example
 * const isUseless = record.secrets.some(({ hash }) => !canCheckHash(latchkey, hash))
 */
export function canCheckHash(latchkey: Latchkey, hash: string): boolean {
  return internalsOf(latchkey).context.prover.canCheck(hash)
}
