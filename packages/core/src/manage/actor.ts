import { RequestError } from '../errors.js'
import { type Action, type CallerGrant, findEscalations, type Grant } from '../policy/attenuation.js'
import type { TokenRecord } from '../types.js'
import type { Entry } from '../verify/entry.js'

/** The caller of a management operation, ready to be checked. */
export interface Actor {
  readonly grant: CallerGrant
  /** The id of the token that authenticates the call. Absent: the host says who calls. */
  readonly tokenId?: string
  /** The caller as it is by now, for an operation that takes long. Rejects if it has lost its access meanwhile. */
  readonly reauthorize?: () => Promise<Actor>
}

/** `undefined`: the host's own code, which is not checked. */
export type ActorOrHost = Actor | undefined

export function actorFromToken({ token, scopes, ownerScopes }: Entry, environment: string): Actor {
  const ofOwner = ownerScopes === undefined || ownerScopes === 'unknown' ? [] : [ownerScopes]
  return {
    tokenId: token.id,
    grant: {
      owner: token.owner,
      personal: token.personal,
      scopeSets: [scopes, ...ofOwner],
      networks: token.networks,
      expiresAt: token.expiresAt,
      environment,
      assignOwner: false,
    },
  }
}

/** Whether a record exists for this caller: a personal one sees only its owner's. */
export function maySee(actor: ActorOrHost, record: Pick<TokenRecord, 'owner'>): boolean {
  return actor === undefined || !actor.grant.personal || record.owner === actor.grant.owner
}

/** Which of the given scopes the caller lacks. */
export function lackingScopes({ grant }: Actor, scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !grant.scopeSets.every((held) => held.covers(scope)))
}

/** Throws `ERR_NOT_ALLOWED`, with every escalation listed, if the token would grant more than the caller has. */
export function assertNoEscalation(actor: ActorOrHost, child: Grant, action: Action): void {
  if (actor === undefined) return
  const escalations = findEscalations(child, actor.grant, action)
  if (escalations.length === 0) return
  const violations = escalations.map(({ path, message }) => ({ path, message }))
  throw new RequestError('ERR_NOT_ALLOWED', 'The token would grant more than its caller has.', violations)
}

export function grantOf(
  { owner, personal, scopes, networks, expiresAt }: Omit<Grant, 'environment'>,
  environment: string,
): Grant {
  return { owner, personal, scopes, networks, expiresAt, environment }
}
