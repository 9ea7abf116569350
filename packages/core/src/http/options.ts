import { optionError, quoted } from '../errors.js'
import type { Caller } from '../manage/caller.js'
import { assertKnownOptions, booleanOption } from '../option-checks.js'
import { isPlainScope } from '../policy/scopes.js'
import { type CsrfOptions, crossSiteCheck, type IsCrossSite } from './csrf.js'
import type { Dialect, DialectName } from './dialects/dialect.js'
import { dynatrace } from './dialects/dynatrace.js'
import { panther } from './dialects/panther.js'
import type { SelfService } from './routes.js'

/** What every adapter's `requireToken` takes. Adapters extend it with options of their own. */
export interface GuardOptions<Scope extends string = string> {
  /** Plain scopes, all of which the token must cover. Default none: any valid token is let in. */
  readonly scopes?: readonly Scope[] | undefined
}

/** What every adapter's `tokenRoutes` takes. `HostRequest`: the framework's own request, or context. */
export interface RoutesOptions<HostRequest> {
  /** Default `dynatrace`. */
  readonly dialect?: DialectName | undefined
  /**
   * The host's own sign-in: who calls, or `undefined` to leave it to the request's token. It must authenticate, because
   * its answer is believed. Requests from pages of other sites change nothing in its user's name: see `csrf`.
   *
   * It is asked again after the body has arrived, and after a new secret has been hashed: access may have been revoked
   * meanwhile. A `StoreError` or `UnavailableError` that it throws is answered 503, and so is one that takes longer than
   * `hostTimeout`; any other error is passed on to the framework.
   */
  readonly authorize?: ((request: HostRequest) => Caller | undefined | Promise<Caller | undefined>) | undefined
  /** Which other sites may change tokens as a user whom `authorize` names. Default none. */
  readonly csrf?: CsrfOptions | undefined
  /** What a token may do to itself without a management scope. Default: rotate and delete itself. */
  readonly self?: SelfService | undefined
  /** Whether `DELETE /{id}` takes a whole token, which logs of proxies then keep. Default `false`: use `/revoke`. */
  readonly secretInPath?: boolean | undefined
  /** Whether `GET /openapi.json` describes the routes to anybody. Default `true`. */
  readonly describe?: boolean | undefined
}

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { dynatrace, panther }

/**
 * The scopes of a guard, as a frozen copy. `adapterOptions`: the names of the adapter's own options. Throws a `TypeError`
 * (`ERR_OPTION`) for other names, because a misspelt `scopes` would let every valid token in, and for scopes that are not
 * plain.
 */
export function readGuardOptions<Scope extends string>(
  options: GuardOptions<Scope>,
  adapterOptions: readonly string[],
): readonly Scope[] {
  if (Array.isArray(options)) throw optionError('requireToken', 'takes its scopes as { scopes: [...] }, not as a list')
  assertKnownOptions('requireToken', options, ['scopes', ...adapterOptions])
  const { scopes = [] } = options
  if (!Array.isArray(scopes))
    throw optionError('requireToken.scopes', `must be a list of scopes, not ${quoted(scopes)}`)
  for (const scope of scopes) {
    if (!isPlainScope(scope)) {
      throw optionError('requireToken.scopes', `must be plain scopes, not ${quoted(scope)}`)
    }
  }
  return Object.freeze([...scopes])
}

/** The options of management routes, with every default filled in. */
export interface RoutesSettings {
  readonly dialect: Dialect
  readonly self: SelfService
  readonly secretInPath: boolean
  readonly isCrossSite: IsCrossSite
}

/**
 * Checks the options of management routes. `adapterOptions`: the names of the adapter's own options. Throws a `TypeError`
 * (`ERR_OPTION`) for other names, and for values that no request could be answered by.
 */
export function readRoutesOptions<HostRequest>(
  options: RoutesOptions<HostRequest>,
  adapterOptions: readonly string[],
): RoutesSettings {
  const known = ['dialect', 'authorize', 'csrf', 'self', 'secretInPath', 'describe']
  assertKnownOptions('tokenRoutes', options, [...known, ...adapterOptions])
  const { dialect = 'dynatrace', authorize, csrf, self = {}, secretInPath = false, describe = true } = options
  if (!Object.hasOwn(DIALECTS, dialect)) {
    const names = Object.keys(DIALECTS).map((name) => `'${name}'`)
    throw optionError('tokenRoutes.dialect', `must be ${names.join(' or ')}, not ${quoted(dialect)}`)
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw optionError('tokenRoutes.authorize', `must be a function, not ${quoted(authorize)}`)
  }
  assertKnownOptions('tokenRoutes.self', self, ['rotate', 'delete'])
  const flags = { 'self.rotate': self.rotate ?? true, 'self.delete': self.delete ?? true, secretInPath, describe }
  for (const [name, value] of Object.entries(flags)) booleanOption(`tokenRoutes.${name}`, value)
  return {
    dialect: describe ? DIALECTS[dialect] : withoutDescription(DIALECTS[dialect]),
    self,
    secretInPath,
    isCrossSite: crossSiteCheck(csrf),
  }
}

function withoutDescription(dialect: Dialect): Dialect {
  const { describe: _, ...routes } = dialect.routes
  return { ...dialect, routes }
}
