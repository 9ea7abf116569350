import { compact } from '../compact.js'
import { optionError, quoted, UnavailableError } from '../errors.js'
import { assertKnownOptions } from '../option-checks.js'
import { clientAddress } from '../policy/address.js'
import { isExpired, missingScopes } from '../policy/evaluate.js'
import { isPlainResource, mayUse } from '../policy/resources.js'
import type { TokenFormat } from '../token/format.js'
import { isTokenId } from '../token/id.js'
import type { VerifyContext } from '../types.js'
import { checkContext } from './check-context.js'
import { type Entry, isRetiredTag } from './entry.js'
import type { Loader } from './loader.js'
import type { Identified, Located, Verifier } from './verifier.js'

/** What to explain: a whole token, or an id for every check but that of the secret. */
export type ExplainRequest = ({ readonly token: string } | { readonly id: string }) & VerifyContext

/** One check with its outcome. */
export interface Check {
  readonly check: 'format' | 'known' | 'secret' | 'enabled' | 'expiry' | 'owner' | 'network' | 'scope' | 'resource'
  readonly passed: boolean
  /** A sentence for support staff. */
  readonly detail: string
}

/** What `explain` resolves to. Holds no secret, but says more than a caller may know. */
export interface Explanation {
  /** Whether a request like this would be let in. With an `id`, the secret counts as right. */
  readonly allowed: boolean
  /** In the order of a verification. Ends early if a check fails that all later ones need. */
  readonly checks: readonly Check[]
}

export interface ExplainParts {
  readonly format: TokenFormat
  readonly loader: Loader
  readonly verifier: Verifier
  readonly now: () => number
}

/** The request. Throws a `TypeError` (`ERR_OPTION`) for unknown members, and unless it names one token. */
export function checkExplainRequest(request: ExplainRequest): ExplainRequest {
  assertKnownOptions('explain', request, ['token', 'id', 'ip', 'scopes', 'resources'])
  if ('token' in request === 'id' in request) throw optionError('explain', 'needs either a token or an id')
  // A copy, with its lists: what was checked is what is explained, whatever becomes of the object meanwhile.
  const { ip, scopes, resources } = request
  const context = compact({
    ip,
    scopes: Array.isArray(scopes) ? [...scopes] : scopes,
    resources: Array.isArray(resources) ? [...resources] : resources,
  })
  checkContext('explain', context)
  return 'token' in request ? { token: request.token, ...context } : { id: request.id, ...context }
}

/**
 * Unlike a verification, goes on after a failed check. Reads the store, and counts no use. `found`: what
 * `locateRequest` said of the request.
 */
export async function explain(
  parts: ExplainParts,
  request: ExplainRequest,
  found: Partial<Located> = {},
): Promise<Explanation> {
  const { id, tag } = found
  if (id === undefined) {
    return {
      allowed: false,
      checks: [
        check('format', false, 'Not of the form prefix.ID.SECRET with a right checksum, nor of a foreign format.'),
      ],
    }
  }
  const isAccepted = parts.format.accepts(id)
  const what = found.format === undefined ? id : `${id}, of the format ${found.format}`
  const format = check('format', isAccepted, isAccepted ? what : `${what} has a prefix that is not accepted here.`)
  const entry = await parts.loader.load(id, true)
  const known = check('known', entry !== undefined, entry === undefined ? 'No such token here.' : entry.token.name)
  if (entry === undefined) return { allowed: false, checks: [format, known] }
  const secret = 'token' in request ? [await checkSecret(parts, entry, request.token, tag ?? '')] : []
  const checks = [format, known, ...secret, ...checkState(entry, parts.now(), request)]
  return { allowed: checks.every(({ passed }) => passed), checks }
}

/** Where the record of the request is, if it has a well-formed token or id, of any prefix. */
export async function locateRequest(
  { verifier }: Pick<ExplainParts, 'verifier'>,
  request: ExplainRequest,
): Promise<Partial<Located> | undefined> {
  if ('token' in request) return verifier.locate(request.token)
  return isTokenId(request.id) ? { id: request.id } : undefined
}

async function checkSecret({ verifier, now }: ExplainParts, entry: Entry, token: string, tag: string): Promise<Check> {
  let found: Identified | undefined
  try {
    found = await verifier.identify(token)
  } catch (error) {
    if (!(error instanceof UnavailableError && error.code === 'ERR_HASHER')) throw error
    return check('secret', false, `${error.message}: add it to the hashers, or its key.`)
  }
  if (found !== undefined) {
    const isCurrent = found.secret === found.entry.secrets[0]
    return check('secret', true, isCurrent ? 'It is the current secret.' : 'It is the previous secret.')
  }
  const wasRotatedAway = isRetiredTag(entry, tag, now())
  return check('secret', false, wasRotatedAway ? 'It was rotated away.' : 'It is no secret of this token.')
}

function checkState(entry: Entry, now: number, { ip, scopes = [], resources }: VerifyContext): Check[] {
  const { token, ownerScopes, networks } = entry
  const { enabled, expiresAt } = token
  const expiry = expiresAt === undefined ? 'Never expires.' : `Expires at ${new Date(expiresAt).toISOString()}.`
  const unbound = token.personal ? 'Not bound to its owner.' : 'Not a personal token.'
  const owner = ownerScopes === undefined ? unbound : `Bound to what ${token.owner} may do.`
  const missing = missingScopes(entry.scopes, ownerScopes === 'unknown' ? undefined : ownerScopes, scopes)
  const covered = scopes.length === 0 ? 'None was asked for.' : 'All covered.'
  return [
    check('enabled', enabled, enabled ? 'Enabled.' : 'Disabled.'),
    check('expiry', !isExpired(expiresAt, now), expiry),
    check('owner', ownerScopes !== 'unknown', ownerScopes === 'unknown' ? `Owner ${token.owner} is unknown.` : owner),
    check('network', networks.allows(ip), describeNetworks(token.networks, ip)),
    check('scope', missing.length === 0, missing.length === 0 ? covered : `Missing: ${missing.join(', ')}.`),
    check('resource', mayUse(entry.resources, resources), describeResources(token.resources, resources)),
  ]
}

function describeResources(held: readonly string[], asked: VerifyContext['resources']): string {
  const allowed = held.length === 0 ? 'For any resource.' : `Only for ${held.join(', ')}.`
  if (asked === 'any') return `${allowed} Here it does not matter.`
  const bad = asked?.find((resource) => !isPlainResource(resource))
  if (bad !== undefined) return `${allowed} Not a resource: ${quoted(bad)}.`
  if (asked?.length === 0) return `${allowed} An empty list of resources was named.`
  return asked === undefined && held.length > 0 ? `${allowed} No resource was named.` : allowed
}

function describeNetworks(networks: readonly string[], ip: string | undefined): string {
  if (networks.length === 0) return 'Any address.'
  const allowed = `Only from ${networks.join(', ')}.`
  if (ip === undefined) return `${allowed} No address was given.`
  return clientAddress(ip) === undefined ? `${allowed} The given address is unreadable.` : allowed
}

function check(name: Check['check'], passed: boolean, detail: string): Check {
  return { check: name, passed, detail }
}
