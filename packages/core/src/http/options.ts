import { optionError } from '../errors.js'
import type { Caller } from '../manage/caller.js'
import { assertKnownOptions } from '../option-checks.js'
import { isPlainScope } from '../policy/scopes.js'
import type { Dialect, DialectName } from './dialects/dialect.js'
import { dynatrace } from './dialects/dynatrace.js'
import { panther } from './dialects/panther.js'

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
   * its answer is believed, and protect against cross-site requests if it relies on cookies.
   *
   * It is asked again after the body has arrived, and after a new secret has been hashed: access may have been revoked
   * meanwhile. A `StoreError` or `UnavailableError` that it throws is answered 503; any other error is passed on to the
   * framework.
   */
  readonly authorize?: ((request: HostRequest) => Caller | undefined | Promise<Caller | undefined>) | undefined
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
  assertKnownOptions('requireToken', options, ['scopes', ...adapterOptions])
  const { scopes = [] } = options
  if (!Array.isArray(scopes)) throw optionError('requireToken.scopes', 'must be a list of scopes')
  for (const scope of scopes) {
    if (!isPlainScope(scope)) {
      throw optionError('requireToken.scopes', `must be plain scopes, not ${JSON.stringify(scope)}`)
    }
  }
  return Object.freeze([...scopes])
}

/**
 * The dialect of management routes. `adapterOptions`: the names of the adapter's own options. Throws a `TypeError`
 * (`ERR_OPTION`) for other names, an unknown dialect, and an `authorize` that is not a function.
 */
export function readRoutesOptions<HostRequest>(
  options: RoutesOptions<HostRequest>,
  adapterOptions: readonly string[],
): Dialect {
  assertKnownOptions('tokenRoutes', options, ['dialect', 'authorize', ...adapterOptions])
  const { dialect = 'dynatrace', authorize } = options
  if (!Object.hasOwn(DIALECTS, dialect)) {
    const names = Object.keys(DIALECTS).map((name) => `'${name}'`)
    throw optionError('tokenRoutes.dialect', `must be ${names.join(' or ')}`)
  }
  if (authorize !== undefined && typeof authorize !== 'function') {
    throw optionError('tokenRoutes.authorize', 'must be a function')
  }
  return DIALECTS[dialect]
}
