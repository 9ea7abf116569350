import { optionError, quoted, RequestError } from '../errors.js'
import { assertKnownOptions, isStringList } from '../option-checks.js'
import { type Action, type CallerGrant, findEscalations, type Grant } from '../policy/attenuation.js'
import { compileNetworks, parseBlock } from '../policy/cidr.js'
import { parseResource } from '../policy/resources.js'
import { compileScopes } from '../policy/scopes.js'
import { ok, type Result } from '../result.js'
import type { Actor, ManagementScopes, StoredSecret } from '../types.js'
import type { Entry } from '../verify/entry.js'

/** Who calls a management operation: the user of the host's own sign-in, or the user that the host's code acts for. */
export interface Caller {
  /** The user's id, for the audit and for `createdBy`. Not empty. Default: only the owner is known. */
  readonly id?: string | undefined
  /** Owns what the caller creates. Not empty. */
  readonly owner: string
  /**
   * What the caller may do itself, wildcards allowed. The management scopes decide which operations it may call: they
   * are needed here as in a token.
   */
  readonly scopes: readonly string[]
  /**
   * CIDR blocks that bind the caller: a request from elsewhere is refused, and what the caller creates is bound to
   * them. None or absent: not bound.
   */
  readonly networks?: readonly string[] | undefined
  /**
   * Resources that bind the caller, `type:id` or `type:*`: what it creates is bound to them. They do not keep it from
   * managing tokens. None or absent: not bound.
   */
  readonly resources?: readonly string[] | undefined
  /**
   * When the caller's access ends, in epoch milliseconds: from then on it may do nothing. What it creates cannot
   * outlive it.
   */
  readonly expiresAt?: number | undefined
  /** As a personal token: sees and changes only its owner's tokens, creates only personal ones. Default `false`. */
  readonly personal?: boolean | undefined
  /** The admin right, as by the scope `apiTokens.admin`. Default `false`. */
  readonly assignOwner?: boolean | undefined
}

/**
 * On whose behalf an in-process call is made. Without `caller` it is the host's own, which is not checked. With one, each
 * call rejects with `ERR_NOT_ALLOWED` if the caller lacks the management scope, has expired or is outside its networks,
 * and with a `TypeError` (`ERR_OPTION`) if it is malformed.
 */
export interface OnBehalf {
  readonly caller?: Caller | undefined
  /**
   * The address that the caller's request came from. If this member is there, a caller bound to CIDR blocks must be
   * inside them; `undefined` is inside none.
   */
  readonly ip?: string | undefined
}

/** An authenticated caller, ready to be checked. */
export interface Principal {
  /** How the audit and the records name it. */
  readonly actor: Actor
  readonly grant: CallerGrant
  /** The scopes that it holds itself, as granted. */
  readonly scopes: readonly string[]
  /** The token that authenticates the call, and the generation of its secret. Absent: the host names the caller. */
  readonly token?: { readonly id: string; readonly gen: number; readonly isOutgoing: boolean }
  readonly ip?: string | undefined
  /** The caller as it is by now, for an operation that takes long. Rejects if it has lost its access meanwhile. */
  readonly reauthorize?: (() => Promise<Principal>) | undefined
}

/** `undefined`: the host's own code, which is not checked. */
export type PrincipalOrHost = Principal | undefined

/** Where the caller of a request stands. */
export interface CallSite {
  readonly environment: string
  readonly managementScopes: ManagementScopes
  readonly ip: string | undefined
}

export function principalFromToken(entry: Entry, secret: StoredSecret, site: CallSite): Principal {
  const { token, scopes, ownerScopes } = entry
  const ofOwner = ownerScopes === undefined || ownerScopes === 'unknown' ? [] : [ownerScopes]
  const scopeSets: CallerGrant['scopeSets'] = [scopes, ...ofOwner]
  return {
    actor: { kind: 'token', id: token.id, owner: token.owner },
    token: { id: token.id, gen: secret.gen, isOutgoing: secret !== entry.secrets[0] },
    ip: site.ip,
    scopes: token.scopes,
    grant: {
      owner: token.owner,
      personal: token.personal,
      scopeSets,
      networks: token.networks,
      resources: token.resources,
      expiresAt: token.expiresAt,
      environment: site.environment,
      admin: scopeSets.every((held) => held.covers(site.managementScopes.admin)),
    },
  }
}

const CALLER_MEMBERS = ['id', 'owner', 'scopes', 'networks', 'resources', 'expiresAt', 'personal', 'assignOwner']

/** Throws a `TypeError` (`ERR_OPTION`) if the host's answer is not a caller: a mistake must never widen access. */
export function principalFromCaller(caller: Caller | undefined, site: CallSite): Principal {
  // `undefined` too, which a failed lookup of the host may return: it must not count as the host itself.
  assertKnownOptions('caller', caller, CALLER_MEMBERS)
  assertOwnMembers(caller as Caller)
  const { id, owner, scopes, networks = [], resources = [], expiresAt, ...rights } = caller as Caller
  const { personal = false, assignOwner = false } = rights
  if (typeof owner !== 'string' || owner === '')
    throw optionError('caller.owner', `must be a non-empty string, not ${quoted(owner)}`)
  if (id !== undefined && (typeof id !== 'string' || id === '')) {
    throw optionError('caller.id', 'must be a non-empty string, or be left out')
  }
  assertList('scopes', 'scopes', scopes, ok)
  assertList('networks', 'CIDR blocks', networks, parseBlock)
  assertList('resources', 'resources', resources, parseResource)
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) {
    throw optionError(
      'caller.expiresAt',
      `must be a time in epoch milliseconds, not ${quoted(expiresAt)}; of a Date, pass getTime()`,
    )
  }
  const held = compileScopes(scopes)
  return {
    actor: { kind: 'user', ...(id !== undefined && { id }), owner },
    ip: site.ip,
    scopes,
    grant: {
      owner,
      // Anything but false is bound, since a mistake must never widen access.
      personal: personal !== false,
      scopeSets: [held],
      networks,
      resources,
      expiresAt,
      environment: site.environment,
      admin: assignOwner === true || held.covers(site.managementScopes.admin),
    },
  }
}

function assertList(member: string, what: string, list: unknown, parse: (item: string) => Result<unknown>): void {
  if (!isStringList(list)) throw optionError(`caller.${member}`, `must be a list of ${what}, not ${quoted(list)}`)
  for (const item of list) {
    const read = parse(item)
    if (!read.ok) throw optionError(`caller.${member}`, `must not hold ${quoted(item)}. ${read.error}`)
  }
}

/** What a library has added to `Object.prototype`, an `assignOwner` say, is no answer of the host. */
function assertOwnMembers(caller: Caller): void {
  const inherited = CALLER_MEMBERS.find((member) => member in caller && !Object.hasOwn(caller, member))
  if (inherited === undefined) return
  throw optionError(`caller.${inherited}`, 'must be a member of the caller itself, not of its prototype')
}

/** The caller as it is by now. Rejects if it has lost its access meanwhile. */
export async function currentCaller(principal: PrincipalOrHost): Promise<PrincipalOrHost> {
  return principal?.reauthorize === undefined ? principal : principal.reauthorize()
}

/** Whether the address lies inside the CIDR blocks that bind a caller. */
export function isInsideNetworks({ grant, ip }: Principal): boolean {
  return compileNetworks(grant.networks).allows(ip)
}

/** Which of the given scopes the caller lacks. */
export function lackingScopes({ grant }: Principal, scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !grant.scopeSets.every((held) => held.covers(scope)))
}

/** Throws `ERR_NOT_ALLOWED`, with every escalation listed, if the token would grant more than the caller has. */
export function assertNoEscalation(principal: PrincipalOrHost, child: Grant, action: Action): void {
  if (principal === undefined) return
  const escalations = findEscalations(child, principal.grant, action)
  if (escalations.length === 0) return
  throw new RequestError('ERR_NOT_ALLOWED', 'The token would grant more than its caller has.', escalations)
}

export function grantOf(
  { owner, personal, scopes, networks, resources, expiresAt, metadata }: Omit<Grant, 'environment'>,
  environment: string,
): Grant {
  return { owner, personal, scopes, networks, resources, expiresAt, environment, metadata }
}
