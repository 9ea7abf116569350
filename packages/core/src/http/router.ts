import { LatchkeyError, RequestError } from '../errors.js'
import { internalsOf, type Latchkey } from '../instance.js'
import { type Actor, actorFromToken, missingScopes } from '../manage/actor.js'
import { actorFromCaller, type Caller } from '../manage/caller.js'
import { isExpired } from '../policy/expiry.js'
import { DIALECTS } from './dialects/all.js'
import type { Dialect, DialectName, OperationName } from './dialects/dialect.js'
import { gateOf } from './guard.js'
import type { HttpRequest, HttpResponse } from './message.js'
import { describeRoutes } from './openapi.js'
import { readOperation } from './operations.js'
import type { Refusal } from './refusal.js'
import { matchRoute, OPERATIONS } from './routes.js'

/** How the management routes are answered. */
export interface RouterOptions {
  /** Default `dynatrace`. */
  readonly dialect?: DialectName
  /**
   * The host's own answer to who calls; `undefined` leaves it to the request's token. It must authenticate: what it
   * returns is believed. Asked again when a body has arrived, and when a new
   * secret has been hashed. A `StoreError` or `UnavailableError` that it throws is
   * answered 503; anything else is thrown on.
   */
  readonly authorize?: (() => Caller | undefined | Promise<Caller | undefined>) | undefined
}

/**
 * Answers a management request, or `undefined` for one that is not ours. Refusals, bad input and store failures become
 * answers; what the host's own code throws is thrown on.
 */
export async function handleRequest(
  latchkey: Latchkey,
  request: HttpRequest,
  options: RouterOptions = {},
): Promise<HttpResponse | undefined> {
  const dialect = DIALECTS[options.dialect ?? 'dynatrace']
  const match = matchRoute(dialect, request.method, request.path)
  if (match === undefined) return undefined
  if ('allow' in match) return methodNotAllowed(dialect, match.allow)
  const { operation, id } = match
  if (operation === 'describe') return { status: 200, body: describeRoutes(latchkey, dialect, request.mount) }
  const { context } = internalsOf(latchkey)
  const judge = async () => admit(latchkey, request, operation, id, await askHost(options))
  const judgeAgain = async (): Promise<Actor> => {
    const sender = await judge()
    if ('denial' in sender) throw new Refused(sender)
    return sender
  }
  const begun = await answering(dialect, operation, async () => {
    const sender = await judge()
    if ('denial' in sender) return refused(dialect, sender)
    const run = await readOperation({ context, dialect, request, operation, id })
    return OPERATIONS[operation].body === undefined ? run(sender) : run
  })
  if (typeof begun !== 'function') return begun
  // A body takes as long as its sender likes, and a right must not outlive its withdrawal by that; nor by a slow hash.
  return answering(dialect, operation, async () => {
    const sender = await judge()
    return 'denial' in sender ? refused(dialect, sender) : begun({ ...sender, reauthorize: judgeAgain })
  })
}

/** Ends an operation under way whose caller lost its right. */
class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super('The caller is refused')
    this.refusal = refusal
  }
}

/** Carries an error of the host's own past ours. */
class HostFailure extends Error {}

/** Who the host says calls. */
async function askHost({ authorize }: RouterOptions): Promise<Caller | undefined> {
  try {
    return await authorize?.()
  } catch (error) {
    // It is about a call of the host's own, so it is no matter of this request's sender.
    throw error instanceof RequestError ? new HostFailure('authorize failed', { cause: error }) : error
  }
}

/** The outcome, or the answer that an error of ours becomes. */
async function answering<T>(
  dialect: Dialect,
  operation: OperationName,
  work: () => Promise<T>,
): Promise<T | HttpResponse> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof HostFailure) throw error.cause
    if (error instanceof Refused) return refused(dialect, error.refusal)
    if (error instanceof RequestError) return failed(dialect, operation, error)
    if (error instanceof LatchkeyError) return unavailable(dialect)
    throw error
  }
}

/** Who calls, with enough scope for the operation; else the refusal. */
async function admit(
  latchkey: Latchkey,
  request: HttpRequest,
  operation: OperationName,
  id: string,
  caller: Caller | undefined,
): Promise<Actor | Refusal> {
  const { settings, verifier, context } = internalsOf(latchkey)
  const { readCredential, refusals } = gateOf(latchkey)
  const { needs, free } = OPERATIONS[operation]
  const needed = needs === 'read' || needs === 'write' ? [settings.managementScopes[needs]] : []

  if (caller !== undefined) {
    const actor = actorFromCaller(caller, settings.environment)
    if (isExpired(actor.grant.expiresAt, context.now())) return refusals.ofDenial({ reason: 'expired' }, needed)
    const missing = missingScopes(actor, needed)
    return missing.length === 0 ? actor : refusals.ofDenial({ reason: 'scope', missing }, needed)
  }
  const credential = readCredential(request.rawHeaders)
  if (typeof credential !== 'string') return refusals.ofCredential(credential)
  // Whether it is its own is decided by the token that is then proven, so a claimed id helps nobody.
  const own = id === 'self' || (free === 'own' && id === context.format.idOf(credential))
  const scopes = free !== undefined && own ? [] : needed
  const found = await verifier.authenticate(credential, { ip: request.ip, scopes })
  return found.ok ? actorFromToken(found.entry, settings.environment) : refusals.ofDenial(found.denial, scopes)
}

function refused(dialect: Dialect, { status, headers, message }: Refusal): HttpResponse {
  return { status, headers, body: dialect.error(status, message, []) }
}

function failed(dialect: Dialect, operation: OperationName, error: RequestError): HttpResponse {
  const { status, message, violations } = error
  const location = operation === 'list' ? 'QUERY' : 'PAYLOAD_BODY'
  return { status, body: dialect.error(status, message, violations, location) }
}

function unavailable(dialect: Dialect): HttpResponse {
  const message = 'The tokens cannot be reached at the moment. Try again later.'
  return { status: 503, headers: { 'Retry-After': '1' }, body: dialect.error(503, message, []) }
}

function methodNotAllowed(dialect: Dialect, allow: string): HttpResponse {
  const message = 'This path does not answer this method.'
  return { status: 405, headers: { Allow: allow }, body: dialect.error(405, message, []) }
}
