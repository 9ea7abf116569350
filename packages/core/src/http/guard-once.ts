import type { Latchkey } from '../instance.js'
import { type Admission, type GuardedRequest, type GuardOptions, guardRequest } from './guard.js'

/** What a guard needs to see of a request in order to remember its answer. */
export interface RememberingRequest extends GuardedRequest {
  /** The framework's own request object: whose memory it is. */
  readonly key: object
  /**
   * Where the framework keeps what middleware leaves for later middleware (Express: `res.locals`, Koa: `ctx.state`). It
   * gets a hidden member that only Latchkey can name; one that takes none costs another judgement, and nothing else.
   */
  readonly bag: unknown
}

/**
 * Nothing that comes over the network can name it. (A `WeakMap` of requests takes longer than the hash of the token, and
 * a member of Express' request object nearly so: see docs/performance.md.)
 */
const MEMORY = Symbol('latchkey')

/** Its members are private, so that a host that prints its bag prints neither the request nor what it carries. */
class Memory {
  readonly #request: RememberingRequest
  readonly #latchkey: Latchkey
  readonly #scopes: readonly string[]
  readonly #admission: Admission

  constructor(latchkey: Latchkey, request: RememberingRequest, scopes: readonly string[], admission: Admission) {
    this.#latchkey = latchkey
    this.#request = request
    // A caller could add to its list later.
    this.#scopes = Object.isFrozen(scopes) ? scopes : [...scopes]
    this.#admission = admission
  }

  /** The memory in a bag. A host's copy of one is none. */
  static in(bag: unknown): Memory | undefined {
    const found: unknown = (bag as { [MEMORY]?: unknown } | null | undefined)?.[MEMORY]
    return typeof found === 'object' && found !== null && #request in found ? found : undefined
  }

  /**
   * The admission, if it is this request's, by this instance, and covers the scopes. Express takes the address from the
   * app that a request has come to: one mounted in another may trust fewer proxies.
   */
  answer(latchkey: Latchkey, { key, ip }: RememberingRequest, scopes: readonly string[]): Admission | undefined {
    const known = this.#request
    if (known.key !== key || known.ip !== ip || this.#latchkey !== latchkey) return undefined
    return scopes.every((scope) => this.#scopes.includes(scope)) ? this.#admission : undefined
  }
}

/**
 * As `guardRequest`, once for each request: a later guard of the same instance gets the admission of an earlier one, if
 * that covers the scopes now asked and was given to the same address. Refusals are not kept, and a bag's copy or one
 * that requests share tells nothing about other requests.
 */
export function guardOnce<Scope extends string>(
  latchkey: Latchkey<Scope>,
  request: RememberingRequest,
  options: GuardOptions<Scope> = {},
): Admission | Promise<Admission> {
  const scopes: readonly string[] = options.scopes ?? []
  const known = Memory.in(request.bag)?.answer(latchkey, request, scopes)
  if (known !== undefined) return known
  const admission = guardRequest(latchkey, request, options)
  if (admission instanceof Promise) return admission.then((late) => keep(latchkey, request, scopes, late))
  return keep(latchkey, request, scopes, admission)
}

function keep(
  latchkey: Latchkey,
  request: RememberingRequest,
  scopes: readonly string[],
  admission: Admission,
): Admission {
  const { bag } = request
  if (admission.ok && typeof bag === 'object' && bag !== null) {
    // Hidden from copies and comparisons. A frozen bag says no, and is left as it is.
    const value = new Memory(latchkey, request, scopes, admission)
    Reflect.defineProperty(bag, MEMORY, { value, configurable: true })
  }
  return admission
}
