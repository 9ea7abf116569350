import { LatchkeyError, RequestError } from '../errors.js'
import type { Latchkey } from '../instance.js'
import { internalsOf } from '../internals.js'
import type { Principal } from '../manage/caller.js'
import { admitCaller, HostError, type OperationRequest, RefusedError } from './admit-caller.js'
import { answerConsole } from './console.js'
import type { Dialect, OperationName } from './dialects/dialect.js'
import type { HttpRequest, HttpResponse } from './message.js'
import { describeRoutes } from './openapi/document.js'
import { prepareOperation } from './operations.js'
import { type RoutesOptions, readRoutesOptions } from './options.js'
import { errorResponse, type GuardDenial, refusalOfError, unavailable } from './refusal.js'
import { matchRoute, OPERATION_ROUTES } from './routes.js'

/** An answer of the management routes. */
export interface RoutedResponse extends HttpResponse {
  /** Why the caller was refused. Absent on all answers about what a caller asked for. */
  readonly denial?: GuardDenial
}

/**
 * Answers a management request, or resolves to `undefined` for one that is not ours. Refusals, bad input and store
 * failures become answers; what the host's own code throws is thrown on. `hostRequest` is passed to the option
 * `authorize`.
 */
export type Router<HostRequest> = (
  latchkey: Latchkey,
  request: HttpRequest,
  hostRequest: HostRequest,
) => Promise<RoutedResponse | undefined>

/**
 * Makes the router of an adapter's `tokenRoutes`. `adapterOptions`: the names of the adapter's own options. Throws a
 * `TypeError` (`ERR_OPTION`) for options of any other name, an unknown dialect, an `authorize` that is not a function,
 * or `sessionOnly` without it. The option `onDenied` is the adapter's to call, for an answer with a `denial`.
 *
 * @example
 * const router = createRouter({ dialect: 'dynatrace', authorize: (req: IncomingMessage) => signedInUser(req) })
 * const response = await router(latchkey, request, req)
 */
export function createRouter<HostRequest>(
  options: RoutesOptions<HostRequest> = {},
  adapterOptions: readonly string[] = [],
): Router<HostRequest> {
  const { dialect, secretInPath, resources, console, ...rules } = readRoutesOptions(options, adapterOptions)
  const { authorize } = options
  return async (latchkey, request, hostRequest) => {
    const signIn = { authorize: async () => authorize?.(hostRequest), hasSignIn: authorize !== undefined }
    const file = console && answerConsole(console, request, dialect, { ...rules, ...signIn })
    if (file !== undefined) return file
    const match = matchRoute(dialect, request.method, request.path)
    if (match === undefined) return undefined
    if ('allow' in match) return methodNotAllowed(dialect, match.allow)
    const { operation, id } = match
    if (operation === 'describe') return { status: 200, body: describeRoutes(latchkey, dialect, request.mount, rules) }
    const { context } = internalsOf(latchkey)
    const asked: OperationRequest = { latchkey, request, operation, id, rules, ...signIn }
    let deniedBy: unknown
    const rememberDenial = (error: unknown) => {
      deniedBy = error
      throw error
    }
    const reauthorize = () => admitCaller(asked, true).catch(rememberDenial)
    try {
      let principal = await admitAudited(asked, undefined).catch(rememberDenial)
      const call = { context, dialect, request, operation, id, secretInPath, resources }
      const run = await prepareOperation(call).catch(async (error: unknown) => {
        await context.audit.refuse(operation, principal, targetOf(asked, principal), error)
        throw error
      })
      // Authorize again: a body takes as long as its sender likes, and access may have been revoked meanwhile.
      if (OPERATION_ROUTES[operation].body !== undefined)
        principal = await admitAudited(asked, principal).catch(rememberDenial)
      return await run({ ...principal, reauthorize })
    } catch (error) {
      const response = answerError(dialect, operation, request, error)
      const denial = error === deniedBy ? denialOf(error) : undefined
      return denial === undefined ? response : { ...response, denial }
    }
  }
}

/** As `admitCaller`; a known caller that is refused gets an audit entry. `earlier`: who was admitted before. */
async function admitAudited(asked: OperationRequest, earlier: Principal | undefined): Promise<Principal> {
  try {
    return await admitCaller(asked, earlier !== undefined)
  } catch (error) {
    const principal = error instanceof RefusedError ? (error.principal ?? earlier) : undefined
    if (principal !== undefined) {
      const { context } = internalsOf(asked.latchkey)
      await context.audit.refuse(asked.operation, principal, targetOf(asked, principal), error)
    }
    throw error
  }
}

/** Why an admission failed; `undefined` if what failed is no rule of ours. */
function denialOf(error: unknown): GuardDenial | undefined {
  return error instanceof RefusedError ? error.refusal.denial : refusalOfError(error)?.denial
}

function targetOf({ id }: OperationRequest, { token }: Principal): string | undefined {
  return id === 'self' ? token?.id : id
}

function answerError(
  { errors }: Dialect,
  operation: OperationName,
  { signal }: HttpRequest,
  error: unknown,
): HttpResponse {
  // Nobody is there to read it.
  if (signal?.aborted && error === signal.reason) return errorResponse(errors, unavailable('The client is gone.'))
  if (error instanceof HostError) throw error.cause
  if (error instanceof RefusedError) return errorResponse(errors, error.refusal)
  if (error instanceof RequestError) {
    return errorResponse(errors, error, error.violations, operation === 'list' ? 'QUERY' : 'PAYLOAD_BODY')
  }
  if (error instanceof LatchkeyError) {
    return errorResponse(errors, unavailable('The tokens cannot be reached at the moment.'))
  }
  throw error
}

function methodNotAllowed(dialect: Dialect, allow: string): HttpResponse {
  const message = 'This path does not answer this method.'
  return errorResponse(dialect.errors, { status: 405, code: 'ERR_METHOD', headers: { Allow: allow }, message })
}
