import { compact } from '../compact.js'
import { optionError } from '../errors.js'
import { hasSubscribers, publish } from '../events.js'
import type { Latchkey } from '../instance.js'
import { internalsOf } from '../internals.js'
import { normalAddress } from '../policy/address.js'
import type { ApiToken, Verdict, VerifyContext } from '../types.js'
import type { RequestContext } from '../verify/reporter.js'
import type { Verifier } from '../verify/verifier.js'
import { type AdmissionMemory, createAdmissionMemory, type JudgedRequest } from './admission-memory.js'
import { type CredentialProblem, type CredentialReader, credentialReader } from './credentials.js'
import { ERROR_FORMS, type ErrorFormName } from './dialects/all.js'
import type { ErrorForm } from './dialects/error-form.js'
import { warnForgeableAddress } from './forgeable-address.js'
import type { HttpRequest, HttpResponse } from './message.js'
import { namedResources } from './named-resources.js'
import { type GuardOptions, type GuardSettings, type ResourceOf, readGuardOptions } from './options.js'
import {
  createRefusals,
  errorResponse,
  type GuardDenial,
  type Refusal,
  type Refusals,
  refusalOfError,
} from './refusal.js'

/** A request that a guard does not let in: why, and the answer that RFC 6750 asks for. */
export interface DeniedRequest {
  readonly denial: GuardDenial
  readonly response: HttpResponse
}

/** A request that may go on. */
export interface AdmittedRequest {
  readonly ok: true
  /** `undefined`: the request has no credential, and the guard is optional. */
  readonly token: ApiToken | undefined
  /**
   * What the answer's `Cache-Control` must be, unless the host sets one. Present where the token came by `X-API-Key`:
   * shared caches keep answers apart only for requests with `Authorization` (RFC 9111 §3.5).
   */
  readonly cacheControl?: 'private'
}

/** Whether a request may go on. */
export type Admission = AdmittedRequest | ({ readonly ok: false } & DeniedRequest)

/** What a guard reads of a request. `ip` may be a getter: it is read at most once, and only where it is needed. */
export type GuardedRequest = Pick<HttpRequest, 'headers' | 'rawHeaders' | 'maxHeadersCount' | 'ip' | 'forgeableBy'>

/**
 * Judges a request by its credential, its address, the guard's scopes and its resource: at once if the cache has the
 * answer, else in a promise. Store failures and overload are refusals too (503). Whatever else goes wrong is thrown,
 * and lets nobody in.
 *
 * `key` is the framework's own request object. The admission is remembered for it, so that a second guard costs
 * nothing. Without a key, each call judges the request anew. `hostRequest` is what the option `resource` is called
 * with.
 *
 * Not checked: whether `ip` is the client's address. Source: RFC 6750.
 */
export type Guard<Scope extends string = string, HostRequest = unknown> = (
  latchkey: Latchkey<Scope>,
  request: GuardedRequest,
  key?: object,
  hostRequest?: HostRequest,
) => Admission | Promise<Admission>

/**
 * Makes the guard of an adapter's `requireToken`. `adapterOptions`: the names of the adapter's own options. `instance`:
 * the one instance that the adapter serves, if it is one. `errors`: the form of its refusals. Throws a `TypeError`
 * (`ERR_OPTION`) for options of any other name, for scopes that are not plain, for scopes that the instance does not
 * declare, and for a resource that is no function.
 *
 * @example
 * const guard = createGuard({ scopes: ['reports.read'] })
 * const { headers, rawHeaders, socket } = req
 * const admission = await guard(latchkey, { headers, rawHeaders, ip: socket.remoteAddress }, req)
 */
export function createGuard<Scope extends string = string, HostRequest = unknown>(
  options: GuardOptions<Scope, unknown, HostRequest> = {},
  adapterOptions: readonly string[] = [],
  instance?: Latchkey<Scope>,
  errors: ErrorFormName = 'problem',
): Guard<Scope, HostRequest> {
  const form = ERROR_FORMS[errors]
  const settings = readGuardOptions(options, adapterOptions)
  if (instance !== undefined) assertDeclared(settings.scopes, instance)
  return (latchkey, request, key, hostRequest) => {
    const state = guardStateOf(latchkey)
    const earlier = key && state.admissions.find(key)
    const context = new GuardContext(request, settings, hostRequest, earlier !== undefined)
    const credential = state.readCredential(request)
    if (typeof credential !== 'string') {
      if (settings.optional && credential.kind === 'none') return ANONYMOUS
      state.denyCredential(credential, context.ip)
      return refuse(state.refusals.ofCredential(credential), form)
    }
    const token = earlier && state.admissions.recall(earlier, credential, context)
    const admission =
      token === undefined ? judge(state, request, credential, context, form, key) : { ok: true as const, token }
    if (!state.isApiKey(request)) return admission
    return admission instanceof Promise ? admission.then(keepPrivate) : keepPrivate(admission)
  }
}

const ANONYMOUS: Admission = Object.freeze({ ok: true, token: undefined })

function keepPrivate(admission: Admission): Admission {
  return admission.ok ? { ...admission, cacheControl: 'private' } : admission
}

function assertDeclared(scopes: readonly string[], instance: Latchkey): void {
  const { scopes: declared } = internalsOf(instance).settings
  const unknown = declared && scopes.find((scope) => !declared.has(scope))
  if (unknown === undefined) return
  const problem = `names ${unknown}, which the option scopes of createLatchkey does not declare`
  throw optionError('requireToken.scopes', `${problem}. It declares ${[...(declared?.keys() ?? [])].join(', ')}`)
}

/** What the verifier is asked. Frameworks compute the address anew at each read, so it is read at most once. */
class GuardContext implements JudgedRequest, RequestContext {
  readonly scopes: readonly string[]
  readonly resource: GuardSettings<string, never>['resource']
  readonly isRepeated: boolean
  private readonly request: GuardedRequest
  private readonly hostRequest: unknown
  private isRead = false
  private address: string | undefined = undefined

  constructor(
    request: GuardedRequest,
    { scopes, resource }: GuardSettings<string, never>,
    hostRequest: unknown,
    isRepeated: boolean,
  ) {
    this.request = request
    this.scopes = scopes
    this.resource = resource
    this.hostRequest = hostRequest
    this.isRepeated = isRepeated
  }

  /** Calls the host's function at each read. */
  get resources(): VerifyContext['resources'] {
    const { resource, hostRequest } = this
    return typeof resource === 'function' ? namedResources(resource as ResourceOf<unknown>, hostRequest) : resource
  }

  get ip(): string | undefined {
    if (!this.isRead) {
      this.address = this.request.ip
      this.isRead = true
    }
    return this.address
  }
}

function judge(
  { admissions, refusals, verifier }: GuardState,
  request: GuardedRequest,
  credential: string,
  context: GuardContext,
  form: ErrorForm,
  key: object | undefined,
): Admission | Promise<Admission> {
  const settle = (verdict: Verdict): Admission => {
    if (isDecidedByAddress(verdict)) warnForgeableAddress(request)
    if (!verdict.ok) return refuse(refusals.ofDenial(verdict.denial, context.scopes), form)
    if (key !== undefined) admissions.remember(key, credential, context, verdict.token)
    return verdict
  }
  const verdict = verifier.verifyCached(credential, context)
  if (verdict !== undefined) return settle(verdict)
  // Read now: when the store has answered, the connection may be closed, and the framework know no address.
  const { ip, scopes, resources, isRepeated } = context
  const verdictLater = verifier.verify(credential, { ip, scopes, resources, isRepeated })
  return verdictLater.then(settle, (error: unknown) => refuseError(error, form))
}

function isDecidedByAddress(verdict: Verdict): boolean {
  return verdict.ok ? verdict.token.networks.length > 0 : verdict.denial.reason === 'network'
}

function refuseError(error: unknown, form: ErrorForm): Admission {
  const refusal = refusalOfError(error)
  if (refusal === undefined) throw error
  return refuse(refusal, form)
}

function refuse(refusal: Refusal, form: ErrorForm): Admission {
  return { ok: false, denial: refusal.denial, response: errorResponse(form, refusal) }
}

/** The HTTP side of one instance. */
export interface GuardState {
  readonly readCredential: CredentialReader
  /** Whether a request's one credential is its `X-API-Key`. */
  isApiKey(request: GuardedRequest): boolean
  readonly refusals: Refusals
  readonly admissions: AdmissionMemory
  readonly verifier: Verifier
  /** Publishes that a request presented no credential, or not exactly one. */
  denyCredential(problem: CredentialProblem, ip: string | undefined): void
}

const states = new WeakMap<Latchkey, GuardState>()

export function guardStateOf(latchkey: Latchkey): GuardState {
  const known = states.get(latchkey)
  if (known !== undefined) return known
  const { settings, clock, verifier } = internalsOf(latchkey)
  const readsApiKey = settings.credentials.includes('x-api-key')
  const state: GuardState = {
    verifier,
    denyCredential({ kind }, ip) {
      if (!hasSubscribers('denied')) return
      const reason = kind === 'none' ? 'no_credential' : 'invalid_request'
      publish('denied', { reason, ...compact({ environment: settings.environment, ip: normalAddress(ip) }) })
    },
    readCredential: credentialReader(settings.credentials),
    isApiKey: ({ headers }) => readsApiKey && headers['x-api-key'] !== undefined,
    refusals: createRefusals(settings.realm),
    admissions: createAdmissionMemory(clock, settings.cache.ttl),
  }
  states.set(latchkey, state)
  return state
}
