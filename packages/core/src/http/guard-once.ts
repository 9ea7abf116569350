import type { Latchkey } from '../instance.js'
import { type Admission, type GuardedRequest, type GuardOptions, guardRequest } from './guard.js'

/** What a guard needs to see of a request in order to remember its answer. */
export interface RememberingRequest extends GuardedRequest {
  /** The framework's own request object: whose memory it is. */
  readonly key: object
  /**
   * Where the framework keeps what middleware leaves for later middleware (Express: `res.locals`, Koa: `ctx.state`). It
   * gets a member that only Latchkey can name.
   */
  readonly bag: object
}

/** Its members are private, so that a host that prints its bag prints neither the request nor what it carries. */
class Memory {
  readonly #key: object
  readonly #latchkey: Latchkey
  readonly #scopes: readonly string[]
  readonly #admission: Admission

  constructor(key: object, latchkey: Latchkey, scopes: readonly string[], admission: Admission) {
    this.#key = key
    this.#latchkey = latchkey
    this.#scopes = scopes
    this.#admission = admission
  }

  /** The admission, if it is this request's, by this instance, and covers the scopes. */
  answer(key: object, latchkey: Latchkey, scopes: readonly string[]): Admission | undefined {
    if (this.#key !== key || this.#latchkey !== latchkey) return undefined
    return scopes.every((scope) => this.#scopes.includes(scope)) ? this.#admission : undefined
  }
}

/**
 * Nothing that comes over the network can name it. (A `WeakMap` of requests takes longer than the hash of the token, and
 * a member of Express' request object nearly so: see docs/performance.md.)
 */
const MEMORY = Symbol('latchkey')
type Bag = { [MEMORY]?: Memory }

/**
 * As `guardRequest`, once for each request: a later guard of the same instance gets the admission of an earlier one, if
 * that covers the scopes now asked. Refusals are not kept, and a bag's copy or one that requests share tells nothing
 * about other requests.
 */
export function guardOnce<Scope extends string>(
  latchkey: Latchkey<Scope>,
  request: RememberingRequest,
  options: GuardOptions<Scope> = {},
): Admission | Promise<Admission> {
  const scopes: readonly string[] = options.scopes ?? []
  const known = (request.bag as Bag)[MEMORY]?.answer(request.key, latchkey, scopes)
  if (known !== undefined) return known
  const admission = guardRequest(latchkey, request, options)
  if (admission instanceof Promise) return admission.then((late) => keep(latchkey, request, scopes, late))
  return keep(latchkey, request, scopes, admission)
}

function keep(
  latchkey: Latchkey,
  { key, bag }: RememberingRequest,
  scopes: readonly string[],
  admission: Admission,
): Admission {
  if (admission.ok) (bag as Bag)[MEMORY] = new Memory(key, latchkey, scopes, admission)
  return admission
}
