import type { Latchkey } from '../instance.js'
import { LazyContext } from '../verify/lazy-context.js'
import { Given } from './given.js'
import { type Admission, type GuardedRequest, type GuardOptions, judgeRequest } from './guard.js'
import { restrictsAddress } from './warn.js'

/** What a guard needs to see of a request in order to remember its answer. */
export interface RememberingRequest extends GuardedRequest {
  /** The framework's own request object, whose answer it is. */
  readonly key: object
}

/** An answer, with all that it holds for. */
interface Memory {
  readonly key: object
  /** The address, if the token is not good from everywhere. */
  readonly ip: string | undefined
  readonly latchkey: Latchkey
  readonly scopes: readonly string[]
  readonly admission: Admission
}

/**
 * What a request's list of raw headers keeps. (A member of a symbol shows in copies. A `WeakMap` takes longer than the hash of
 * the token, and a member of Express' request object nearly so: see docs/performance.md.)
 */
class Hidden extends Given {
  #memory: Memory | undefined

  static read(target: object): Memory | undefined {
    return #memory in target ? target.#memory : undefined
  }

  static write(target: object, memory: Memory): void {
    if (#memory in target) {
      target.#memory = memory
      return
    }
    try {
      new Hidden(target).#memory = memory
    } catch {
      // Engines may come to refuse private fields for what is frozen. Asking whether it is takes longer than all this.
    }
  }
}

/**
 * As `guardRequest`, once for each request: a later guard of the same instance gets the admission of an earlier one, if
 * that covers the scopes now asked and is good for the same address. Refusals are not kept. The memory lies hidden in the
 * list of headers that was judged; if that cannot take it, or the host puts another list in its place, the request is
 * judged again.
 */
export function guardOnce<Scope extends string>(
  latchkey: Latchkey<Scope>,
  request: RememberingRequest,
  { scopes: asked = NO_SCOPES }: GuardOptions<Scope> = {},
): Admission | Promise<Admission> {
  // Taken once, the scopes fixed: what is remembered is what was judged, whatever changes meanwhile.
  const { key, rawHeaders } = request
  const scopes = fixed(asked)
  const known = Hidden.read(rawHeaders)
  if (known !== undefined && answers(known, latchkey, request, scopes)) return known.admission
  const context = new LazyContext(request, scopes)
  const admission = judgeRequest(latchkey, rawHeaders, context)
  const keep = (settled: Admission) => {
    if (!settled.ok) return settled
    const ip = restrictsAddress(settled) ? context.ip : undefined
    Hidden.write(rawHeaders, { key, ip, latchkey, scopes, admission: settled })
    return settled
  }
  return admission instanceof Promise ? admission.then(keep) : keep(admission)
}

/**
 * Whether it is this request's, by this instance, and covers the scopes. Express takes the address from the app that a
 * request has come to: one mounted in another may trust fewer proxies.
 */
function answers(known: Memory, latchkey: Latchkey, request: RememberingRequest, scopes: readonly string[]): boolean {
  if (known.key !== request.key || known.latchkey !== latchkey) return false
  if (restrictsAddress(known.admission) && known.ip !== request.ip) return false
  return scopes.every((scope) => known.scopes.includes(scope))
}

const NO_SCOPES: readonly never[] = Object.freeze([])

/** The last list that was found frozen: most hosts have few, and to ask again takes as long as to use it. */
let lastFixed: readonly string[] = NO_SCOPES

function fixed(scopes: readonly string[]): readonly string[] {
  if (scopes === lastFixed) return scopes
  if (!Object.isFrozen(scopes)) return Object.freeze([...scopes])
  lastFixed = scopes
  return scopes
}
