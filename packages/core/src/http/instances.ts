import type { Latchkey } from '../instance.js'
import { internalsOf } from '../internals.js'

/** What an adapter serves: one instance, or a function that picks one for each request. */
export type InstanceSource<HostRequest, Scope extends string = string> =
  | Latchkey<Scope>
  | ((request: HostRequest) => Latchkey<Scope>)

/**
 * How an adapter gets the instance of a request. `instance`: the one instance, if there is only one.
 * Throws a `TypeError` (`ERR_OPTION`) for what is neither an instance nor a function.
 */
export function instancesOf<HostRequest, Scope extends string>(
  source: InstanceSource<HostRequest, Scope>,
): { readonly instance: Latchkey<Scope> | undefined; readonly instanceFor: (request: HostRequest) => Latchkey<Scope> } {
  if (typeof source === 'function') return { instance: undefined, instanceFor: source }
  internalsOf(source)
  return { instance: source, instanceFor: () => source }
}
