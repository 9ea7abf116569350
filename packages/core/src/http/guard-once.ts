import type { Latchkey } from '../instance.js'
import { type Admission, type GuardedRequest, type GuardOptions, guardRequest } from './guard.js'

/** What a guard needs to see of a request in order to remember its answer. */
export interface RememberingRequest extends GuardedRequest {
  /** The framework's own request object, whose answer it is. */
  readonly key: object
}

/** An answer, with all that it holds for. */
interface Memory {
  readonly key: object
  readonly ip: string | undefined
  readonly latchkey: Latchkey
  readonly scopes: readonly string[]
  readonly admission: Admission
}

/** Its constructor gives the object that it was given, so that a derived class puts its private fields into that one. */
class Given {
  constructor(target: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for
    return target
  }
}

/**
 * A private field of an object that is not ours: nobody else can see, copy or forge it, and it takes one look. (A member of
 * a symbol shows in copies. A `WeakMap` takes longer than the hash of the token, and a member of Express' request object
 * nearly so: see docs/performance.md.)
 */
class Hidden extends Given {
  #memory: Memory | undefined

  static read(target: object): Memory | undefined {
    return #memory in target ? target.#memory : undefined
  }

  static write(target: object, memory: Memory): void {
    if (#memory in target) target.#memory = memory
    else if (Object.isExtensible(target)) new Hidden(target).#memory = memory
  }
}

/**
 * As `guardRequest`, once for each request: a later guard of the same instance gets the admission of an earlier one, if
 * that covers the scopes now asked and was given to the same address. Refusals are not kept. The memory lies hidden in the
 * list of headers that was judged; if that cannot take it, or the host puts another list in its place, the request is
 * judged again.
 */
export function guardOnce<Scope extends string>(
  latchkey: Latchkey<Scope>,
  request: RememberingRequest,
  options: GuardOptions<Scope> = {},
): Admission | Promise<Admission> {
  const scopes: readonly string[] = options.scopes ?? []
  const known = Hidden.read(request.rawHeaders)
  if (known !== undefined && answers(known, latchkey, request, scopes)) return known.admission
  const admission = guardRequest(latchkey, request, options)
  if (admission instanceof Promise) return admission.then((late) => keep(latchkey, request, scopes, late))
  return keep(latchkey, request, scopes, admission)
}

/**
 * Whether it is this request's, by this instance, and covers the scopes. Express takes the address from the app that a
 * request has come to: one mounted in another may trust fewer proxies.
 */
function answers(
  known: Memory,
  latchkey: Latchkey,
  { key, ip }: RememberingRequest,
  scopes: readonly string[],
): boolean {
  if (known.key !== key || known.ip !== ip || known.latchkey !== latchkey) return false
  return scopes.every((scope) => known.scopes.includes(scope))
}

function keep(
  latchkey: Latchkey,
  { key, ip, rawHeaders }: RememberingRequest,
  scopes: readonly string[],
  admission: Admission,
): Admission {
  if (admission.ok) {
    // A caller could add to its list later.
    const fixed = Object.isFrozen(scopes) ? scopes : [...scopes]
    Hidden.write(rawHeaders, { key, ip, latchkey, scopes: fixed, admission })
  }
  return admission
}
