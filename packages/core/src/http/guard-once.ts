import type { Latchkey } from '../instance.js'
import { type Admission, type GuardedRequest, type GuardOptions, guardRequest } from './guard.js'

interface Memory {
  readonly latchkey: Latchkey
  readonly scopes: readonly string[]
  readonly admission: Extract<Admission, { ok: true }>
}

/** Keyed by the framework's request object, which nothing that comes over the network can name, and no copy is. */
const memories = new WeakMap<object, Memory>()

/**
 * As `guardRequest`, once for each request: a later guard of the same instance gets the admission of an earlier one, if
 * that covers the scopes now asked. Refusals are not kept. `key`: the framework's own request object.
 */
export function guardOnce<Scope extends string>(
  key: object,
  latchkey: Latchkey<Scope>,
  request: GuardedRequest,
  options: GuardOptions<Scope> = {},
): Admission | Promise<Admission> {
  const scopes: readonly string[] = options.scopes ?? []
  const memory = memories.get(key)
  if (memory?.latchkey === latchkey && scopes.every((scope) => memory.scopes.includes(scope))) return memory.admission
  const admission = guardRequest(latchkey, request, options)
  if (admission instanceof Promise) return admission.then((late) => keep(key, latchkey, scopes, late))
  return keep(key, latchkey, scopes, admission)
}

function keep(key: object, latchkey: Latchkey, scopes: readonly string[], admission: Admission): Admission {
  if (admission.ok) memories.set(key, { latchkey, scopes, admission })
  return admission
}
