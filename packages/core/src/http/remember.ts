import type { Latchkey } from '../instance.js'
import type { Admission } from './guard.js'

interface Memory {
  readonly latchkey: Latchkey
  readonly scopes: readonly string[]
  readonly admission: Extract<Admission, { ok: true }>
}

/** Keyed by the framework's request object, which nothing that comes over the network can name. */
const memories = new WeakMap<object, Memory>()

/** The admission that an earlier guard of the same instance gave this request, if it covers the scopes now asked. */
export function recall(request: object, latchkey: Latchkey, scopes: readonly string[]): Admission | undefined {
  const memory = memories.get(request)
  if (memory === undefined || memory.latchkey !== latchkey) return undefined
  return scopes.every((scope) => memory.scopes.includes(scope)) ? memory.admission : undefined
}

/** Keeps an admission for later guards of the same request; refusals are not kept. */
export function remember(request: object, latchkey: Latchkey, scopes: readonly string[], admission: Admission): void {
  if (admission.ok) memories.set(request, { latchkey, scopes, admission })
}
