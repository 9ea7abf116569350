import type { Latchkey } from '../instance.js'
import { type Admission, type GuardedRequest, type GuardOptions, guardRequest } from './guard.js'

interface Memory {
  /** Whose memory it is: a copy of a request, or an object that inherits from one, has none of its own. */
  readonly request: object
  readonly latchkey: Latchkey
  readonly scopes: readonly string[]
  readonly admission: Extract<Admission, { ok: true }>
}

/**
 * Where a request keeps its memory. Nothing that comes over the network can name it, and it goes with the request. (A
 * `WeakMap` would take as long as the hash of the token.)
 */
const MEMORY = Symbol('latchkey')

/**
 * As `guardRequest`, once for each request: a later guard of the same instance gets the admission of an earlier one, if
 * that covers the scopes now asked. Refusals are not kept. `key`: the framework's own request object; it gets a member
 * that only Latchkey reads.
 */
export function guardOnce<Scope extends string>(
  key: object,
  latchkey: Latchkey<Scope>,
  request: GuardedRequest,
  options: GuardOptions<Scope> = {},
): Admission | Promise<Admission> {
  const scopes: readonly string[] = options.scopes ?? []
  const memory = (key as { [MEMORY]?: Memory })[MEMORY]
  if (memory !== undefined && memory.request === key && memory.latchkey === latchkey) {
    if (scopes.every((scope) => memory.scopes.includes(scope))) return memory.admission
  }
  const admission = guardRequest(latchkey, request, options)
  if (admission instanceof Promise) return admission.then((late) => keep(key, { latchkey, scopes }, late))
  return keep(key, { latchkey, scopes }, admission)
}

function keep(request: object, asked: Pick<Memory, 'latchkey' | 'scopes'>, admission: Admission): Admission {
  const { latchkey, scopes } = asked
  if (admission.ok) (request as { [MEMORY]?: Memory })[MEMORY] = { request, latchkey, scopes, admission }
  return admission
}
