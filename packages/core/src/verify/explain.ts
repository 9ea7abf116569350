import { missingScopes } from '../policy/evaluate.js'
import { isExpired } from '../policy/expiry.js'
import { digestOf, tagOf } from '../secret/tag.js'
import type { TokenFormat } from '../token/format.js'
import { isAlive } from '../token/record.js'
import type { VerifyContext } from '../types.js'
import type { Entry } from './entry.js'
import type { Loader } from './loader.js'
import type { Verifier } from './verifier.js'

/** What is to be explained: a whole token, or an id for all checks but the secret's. */
export type ExplainRequest = ({ readonly token: string } | { readonly id: string }) & VerifyContext

/** One check with its outcome; `undefined` where it could not be made. */
export interface Check {
  readonly check: 'format' | 'known' | 'secret' | 'enabled' | 'expiry' | 'owner' | 'network' | 'scope'
  readonly passed: boolean | undefined
  readonly detail: string
}

/** What `explain` resolves to. Holds no secret, but more than a caller may know. */
export interface Explanation {
  /** Whether a request like this would be let in. With an `id`, the secret is taken to be right. */
  readonly allowed: boolean
  readonly checks: readonly Check[]
}

/**
 * Every check with its outcome, for support work: unlike a verdict, it does not stop at the first failure. Reads the
 * store, counts no use. Its answer tells more than a caller may know, and holds no secret.
 */
export async function explain(
  parts: { format: TokenFormat; loader: Loader; verifier: Verifier; now: () => number },
  request: ExplainRequest,
): Promise<Explanation> {
  const presented = 'token' in request ? request.token : request.id
  const id =
    'token' in request ? parts.format.parse(presented)?.id : parts.format.isId(presented) ? presented : undefined
  const format = check('format', id !== undefined, id ?? 'Not of the form prefix.ID.SECRET with a right checksum.')
  if (id === undefined) return conclude([format])
  const entry = await parts.loader.load(id, true)
  const known = check('known', entry !== undefined, entry === undefined ? 'No such token here.' : entry.token.name)
  if (entry === undefined) return conclude([format, known])
  const secret = 'token' in request ? [await explainSecret(parts, entry, request.token)] : []
  return conclude([format, known, ...secret, ...explainState(entry, parts.now(), request)])
}

async function explainSecret(
  { verifier, now }: { verifier: Verifier; now: () => number },
  entry: Entry,
  token: string,
): Promise<Check> {
  if ((await verifier.identify(token)) !== undefined) {
    const tag = tagOf(digestOf(token))
    return check('secret', true, entry.tag === tag ? 'The current secret.' : 'The previous secret.')
  }
  const tag = tagOf(digestOf(token))
  const { retired, previous } = entry
  const ranOut = previous !== undefined && previous.tag === tag && !isAlive(previous, now())
  const dead = retired.includes(tag) || ranOut
  return check('secret', false, dead ? 'A secret that was rotated away.' : 'Not a secret of this token.')
}

function explainState(entry: Entry, now: number, { ip, scopes = [] }: VerifyContext): Check[] {
  const { token, ownerScopes, networks } = entry
  const { expiresAt } = token
  const missing = missingScopes(entry.scopes, ownerScopes === 'unknown' ? undefined : ownerScopes, scopes)
  const expiry = expiresAt === undefined ? 'Never expires.' : `Expires at ${new Date(expiresAt).toISOString()}.`
  const owner = ownerScopes === undefined ? 'Not bound to its owner.' : `Bound to what ${token.owner} may do.`
  return [
    check('enabled', token.enabled, token.enabled ? 'Enabled.' : 'Disabled.'),
    check('expiry', !isExpired(expiresAt, now), expiry),
    check('owner', ownerScopes !== 'unknown', ownerScopes === 'unknown' ? `Owner ${token.owner} is unknown.` : owner),
    check('network', networks.allows(ip), token.networks.length === 0 ? 'Any address.' : token.networks.join(', ')),
    check('scope', missing.length === 0, missing.length === 0 ? 'All covered.' : `Missing: ${missing.join(', ')}.`),
  ]
}

function check(name: Check['check'], passed: boolean | undefined, detail: string): Check {
  return { check: name, passed, detail }
}

function conclude(checks: Check[]): Explanation {
  return { allowed: checks.length > 2 && checks.every(({ passed }) => passed === true), checks }
}
