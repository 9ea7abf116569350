import { internalsOf, type Latchkey } from '../instance.js'
import type { ApiToken, Verdict } from '../types.js'
import { LazyContext } from '../verify/lazy-context.js'
import { credentialReader } from './credentials.js'
import { dynatrace } from './dialects/dynatrace.js'
import { Given } from './given.js'
import type { HttpRequest, HttpResponse } from './message.js'
import { type GuardDenial, type Refusal, type Refusals, refusals } from './refusal.js'

/** Whether a request may go on; if not, with the ready answer. */
export type Admission =
  | { readonly ok: true; readonly token: ApiToken }
  | { readonly ok: false; readonly denial: GuardDenial; readonly response: HttpResponse }

/** What a guard needs to see of a request. */
export type GuardedRequest = Pick<HttpRequest, 'rawHeaders' | 'ip'>

/** What a guard asks of a token beyond being valid. */
export interface GuardOptions<Scope extends string = string> {
  /** Plain scopes, all of which the token must cover. Default none: any valid token is let in. */
  readonly scopes?: readonly Scope[]
}

/** The HTTP side of one instance. */
interface Gate {
  readonly readCredential: ReturnType<typeof credentialReader>
  readonly refusals: Refusals
}

/** What an instance keeps: each request looks here. */
class Gated extends Given {
  #gate: Gate | undefined

  static read(latchkey: Latchkey): Gate | undefined {
    return #gate in latchkey ? latchkey.#gate : undefined
  }

  static write(latchkey: Latchkey, gate: Gate): void {
    try {
      new Gated(latchkey).#gate = gate
    } catch {
      // As in guard-once.ts.
    }
  }
}

export function gateOf(latchkey: Latchkey): Gate {
  return Gated.read(latchkey) ?? makeGate(latchkey)
}

function makeGate(latchkey: Latchkey): Gate {
  const { settings } = internalsOf(latchkey)
  const gate = { readCredential: credentialReader(settings.credentials), refusals: refusals(settings.realm) }
  Gated.write(latchkey, gate)
  return gate
}

/**
 * Judges a request by its credential, its address and the scopes asked for: at once if the cache can tell, else in a
 * promise. Store failures and overload are refusals too (503); whatever else goes wrong is thrown, and lets nobody in.
 *
 * Not checked here: whether the scopes are plain (see `guardScopes`), and whether `ip` is the client's.
 * Source: RFC 6750.
 */
export function guardRequest<Scope extends string>(
  latchkey: Latchkey<Scope>,
  request: GuardedRequest,
  { scopes = NO_SCOPES }: GuardOptions<Scope> = {},
): Admission | Promise<Admission> {
  return judgeRequest(latchkey, request.rawHeaders, new LazyContext(request, scopes))
}

/** As `guardRequest`. */
export function judgeRequest(
  latchkey: Latchkey,
  rawHeaders: readonly string[],
  context: LazyContext,
): Admission | Promise<Admission> {
  const { scopes } = context
  const gate = gateOf(latchkey)
  const credential = gate.readCredential(rawHeaders)
  if (typeof credential !== 'string') return refused(gate.refusals.ofCredential(credential))
  const verdict = latchkey.verifyCached(credential, context)
  if (verdict !== undefined) return admit(gate, verdict, scopes)
  // Asked for now: when the store has answered, the connection may be closed, and the framework know no address.
  const { ip } = context
  return latchkey.verify(credential, { ip, scopes }).then(
    (late) => admit(gate, late, scopes),
    (error: unknown) => unavailable(gate, error),
  )
}

function admit(gate: Gate, verdict: Verdict, scopes: readonly string[]): Admission {
  return verdict.ok ? verdict : refused(gate.refusals.ofDenial(verdict.denial, scopes))
}

function unavailable(gate: Gate, error: unknown): Admission {
  const refusal = gate.refusals.ofError(error)
  if (refusal === undefined) throw error
  return refused(refusal)
}

function refused({ denial, status, headers, message }: Refusal): Admission {
  return { ok: false, denial, response: { status, headers, body: dynatrace.error(status, message, []) } }
}

const NO_SCOPES: readonly never[] = []
