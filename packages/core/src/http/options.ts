import { optionError, quoted } from '../errors.js'
import type { Caller } from '../manage/caller.js'
import { assertKnownOptions, booleanOption, functionOption } from '../option-checks.js'
import { isPlainScope } from '../policy/scopes.js'
import type { TokenConsole } from './console.js'
import { type CsrfOptions, crossSiteCheck, type IsCrossSite } from './csrf.js'
import { DIALECTS, ERROR_FORMS, type ErrorFormName } from './dialects/all.js'
import type { Dialect, DialectName } from './dialects/dialect.js'
import type { SelfService } from './routes.js'

/**
 * What every adapter takes for all its guards and management routes. `DeniedHandler`: the framework's own form of a
 * function that answers a refused request.
 */
export interface AdapterOptions<DeniedHandler = unknown, Property extends string = string> {
  /** The name under which handlers find the token. Default `apiToken`. */
  readonly property?: Property | undefined
  /**
   * Answers the refusals of guards and management routes, in place of the answer of RFC 6750. Routes call it only when
   * they refuse the caller (401, 403, and 400 or 503 before the caller is known), never for what the caller requests.
   */
  readonly onDenied?: DeniedHandler | undefined
  /**
   * The form of refusals by guards. Management routes use the form of their dialect. Default `problem`: problem details
   * (RFC 9457).
   */
  readonly errors?: ErrorFormName | undefined
}

/**
 * What every adapter's `requireToken` takes. Adapters extend it with options of their own. `HostRequest`: the
 * framework's own request, or context.
 */
export interface GuardOptions<Scope extends string = string, DeniedHandler = unknown, HostRequest = unknown> {
  /** Plain scopes, all of which the token must cover. Default: none, so any valid token is let in. */
  readonly scopes?: readonly Scope[] | undefined
  /**
   * Returns the resources that the request is about, of the form `type:id`. A token that is bound to resources must
   * cover all of them. If the function returns `undefined`, an empty list or text that is not a resource, or throws,
   * the request is refused with 403, whoever sent it. `any`: tokens that are bound to resources are let in like others.
   * Default: they are refused with 403.
   */
  readonly resource?: 'any' | ResourceOf<HostRequest> | undefined
  /**
   * Whether a request without a credential passes too, without a token. A request with a wrong, empty or repeated
   * credential is still refused, and nobody passes while the token cannot be checked. Default `false`.
   */
  readonly optional?: boolean | undefined
  /** Answers what this guard refuses. Default: the `onDenied` of the adapter. */
  readonly onDenied?: DeniedHandler | undefined
}

/** Names the resources that a request is about. */
export type ResourceOf<HostRequest> = (request: HostRequest) => string | readonly string[] | undefined

/** What every adapter's `tokenRoutes` takes. `HostRequest`: the framework's own request, or context. */
export interface RoutesOptions<HostRequest, DeniedHandler = unknown> {
  /** The API that the routes speak. Default `dynatrace`; new clients take `latchkey`. */
  readonly dialect?: DialectName | undefined
  /**
   * The host's own sign-in: returns who is calling, or `undefined` to let the request's token decide. It must
   * authenticate, because its answer is believed. Requests from pages of other sites cannot change anything for its
   * users: see `csrf`.
   *
   * It is called again after the body has arrived and after a new secret has been hashed, because access may have been
   * revoked meanwhile. If it throws a `StoreError` or `UnavailableError`, or takes longer than `hostTimeout`, the
   * answer is 503. Any other error goes to the framework.
   */
  readonly authorize?: ((request: HostRequest) => Caller | undefined | Promise<Caller | undefined>) | undefined
  /**
   * Whether only `authorize` decides who is calling: tokens are not accepted, and without a caller the answer is 401.
   * Needs `authorize`. Default `false`.
   */
  readonly sessionOnly?: boolean | undefined
  /** Which other sites may change tokens for a user whom `authorize` returns. Default: none. */
  readonly csrf?: CsrfOptions | undefined
  /** What a token can do to itself without a management scope. Default: rotate and delete itself. */
  readonly self?: SelfService | undefined
  /** Whether `DELETE /{id}` accepts a whole token, which ends up in logs of proxies. Default `false`: use `/revoke`. */
  readonly secretInPath?: boolean | undefined
  /**
   * Whether the host binds tokens to resources, so that the tokens page asks for them. Default `false`.
   */
  readonly resources?: boolean | undefined
  /** Whether `GET /openapi.json` describes the routes to anybody. Default `true`. */
  readonly describe?: boolean | undefined
  /**
   * The page on which people manage tokens, at `<mount>/console/`: `tokenConsole()` of `@latchkey/console`. It needs
   * the dialect `latchkey`. Default none.
   */
  readonly console?: TokenConsole | undefined
  /** Answers a refused caller. Default: the `onDenied` of the adapter. */
  readonly onDenied?: DeniedHandler | undefined
}

/** The options of an adapter, with every default filled in. */
export interface AdapterSettings<DeniedHandler> {
  readonly property: string
  readonly onDenied: DeniedHandler | undefined
  readonly errors: ErrorFormName
}

/** An identifier that no object has from birth. */
function isPropertyName(name: unknown): boolean {
  return typeof name === 'string' && /^[A-Za-z_$][\w$]*$/.test(name) && !(name in {})
}

/**
 * Checks the options of an adapter. `place`: the name of its function, as `latchkeyExpress`. `known`: the names of its
 * options. Throws a `TypeError` (`ERR_OPTION`) for other names, and for values that cannot be used.
 */
export function readAdapterOptions<DeniedHandler>(
  place: string,
  options: AdapterOptions<DeniedHandler>,
  known: readonly string[],
): AdapterSettings<DeniedHandler> {
  assertKnownOptions(place, options, known)
  const { property = 'apiToken', onDenied, errors = 'problem' } = options
  if (!isPropertyName(property)) {
    throw optionError(`${place}.property`, `must be a name such as apiToken, not ${quoted(property)}`)
  }
  functionOption(`${place}.onDenied`, onDenied)
  if (!Object.hasOwn(ERROR_FORMS, errors)) {
    throw optionError(`${place}.errors`, `must be ${oneOf(ERROR_FORMS)}, not ${quoted(errors)}`)
  }
  return { property, onDenied, errors }
}

/** The options of a guard, with every default filled in. */
export interface GuardSettings<Scope extends string, HostRequest> {
  readonly scopes: readonly Scope[]
  readonly resource: 'any' | ResourceOf<HostRequest> | undefined
  readonly optional: boolean
}

/**
 * Checks the options of a guard. `adapterOptions`: the names of the adapter's own options. Throws a `TypeError`
 * (`ERR_OPTION`) for other names, because a misspelt `scopes` would let every valid token in, for scopes that are not
 * plain, and for a resource that is no function.
 */
export function readGuardOptions<Scope extends string, HostRequest>(
  options: GuardOptions<Scope, unknown, HostRequest>,
  adapterOptions: readonly string[],
): GuardSettings<Scope, HostRequest> {
  if (Array.isArray(options)) throw optionError('requireToken', 'takes its scopes as { scopes: [...] }, not as a list')
  assertKnownOptions('requireToken', options, ['scopes', 'resource', 'optional', 'onDenied', ...adapterOptions])
  const { scopes = [], resource, optional = false, onDenied } = options
  booleanOption('requireToken.optional', optional)
  functionOption('requireToken.onDenied', onDenied)
  if (!Array.isArray(scopes))
    throw optionError('requireToken.scopes', `must be a list of scopes, not ${quoted(scopes)}`)
  for (const scope of scopes) {
    if (!isPlainScope(scope)) {
      throw optionError('requireToken.scopes', `must be plain scopes, not ${quoted(scope)}`)
    }
  }
  if (resource !== undefined && resource !== 'any' && typeof resource !== 'function') {
    const rule = "must be a function such as (req) => 'project:' + req.params.id, or 'any'"
    throw optionError('requireToken.resource', `${rule}, not ${quoted(resource)}`)
  }
  return { scopes: Object.freeze([...scopes]), resource, optional }
}

/** The options of management routes, with every default filled in. */
export interface RoutesSettings {
  readonly dialect: Dialect
  readonly self: SelfService
  readonly secretInPath: boolean
  readonly sessionOnly: boolean
  readonly resources: boolean
  readonly console: TokenConsole | undefined
  readonly isCrossSite: IsCrossSite
}

/**
 * Checks the options of management routes. `adapterOptions`: the names of the adapter's own options. Throws a
 * `TypeError` (`ERR_OPTION`) for other names, and for values that no request could be answered by.
 */
export function readRoutesOptions<HostRequest>(
  options: RoutesOptions<HostRequest>,
  adapterOptions: readonly string[],
): RoutesSettings {
  const known = ['dialect', 'authorize', 'sessionOnly', 'csrf', 'self', 'secretInPath', 'resources', 'describe']
  assertKnownOptions('tokenRoutes', options, [...known, 'console', 'onDenied', ...adapterOptions])
  const { dialect = 'dynatrace', authorize, csrf, self = {}, console, onDenied } = options
  const { sessionOnly = false, secretInPath = false, resources = false, describe = true } = options
  if (!Object.hasOwn(DIALECTS, dialect)) {
    throw optionError('tokenRoutes.dialect', `must be ${oneOf(DIALECTS)}, not ${quoted(dialect)}`)
  }
  functionOption('tokenRoutes.authorize', authorize)
  functionOption('tokenRoutes.onDenied', onDenied)
  assertConsole(console, dialect)
  assertKnownOptions('tokenRoutes.self', self, ['rotate', 'delete'])
  const ofSelf = { 'self.rotate': self.rotate ?? true, 'self.delete': self.delete ?? true }
  const flags = { ...ofSelf, sessionOnly, secretInPath, resources, describe }
  for (const [name, value] of Object.entries(flags)) booleanOption(`tokenRoutes.${name}`, value)
  if (sessionOnly && authorize === undefined) {
    throw optionError('tokenRoutes.sessionOnly', 'needs the option authorize, which names the caller of each request')
  }
  return {
    dialect: describe ? DIALECTS[dialect] : withoutDescription(DIALECTS[dialect]),
    self,
    secretInPath,
    sessionOnly,
    resources,
    console,
    isCrossSite: crossSiteCheck(csrf),
  }
}

function assertConsole(page: unknown, dialect: DialectName): void {
  if (page === undefined) return
  if (typeof page !== 'function') {
    throw optionError('tokenRoutes.console', `must be tokenConsole() of @latchkey/console, not ${quoted(page)}`)
  }
  if (dialect !== 'latchkey') {
    throw optionError('tokenRoutes.console', `needs dialect: 'latchkey', whose words the page speaks, not '${dialect}'`)
  }
}

/** `'a', 'b' or 'c'`. */
function oneOf(names: object): string {
  const all = Object.keys(names).map((name) => `'${name}'`)
  return `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}

function withoutDescription(dialect: Dialect): Dialect {
  const { describe: _, ...routes } = dialect.routes
  return { ...dialect, routes }
}
