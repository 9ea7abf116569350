import { optionError } from '../errors.js'
import type { CallerPower, Power } from '../policy/attenuation.js'
import { parseBlock } from '../policy/cidr.js'
import { compileScopes } from '../policy/scopes.js'
import type { TokenRecord } from '../types.js'
import type { Entry } from '../verify/entry.js'

/** Who calls a management operation, as the host says: its own sign-in, or code that acts for somebody. */
export interface Caller {
  /** Owns what the caller creates. Not empty. */
  readonly owner: string
  /** What the caller may do itself, wildcards allowed. The management scopes decide which operations it may call. */
  readonly scopes: readonly string[]
  /** CIDR blocks that bind the caller; none or absent: not bound. */
  readonly networks?: readonly string[]
  /** When the caller's right ends, in epoch milliseconds: from then on it may do nothing. What it creates cannot outlive it. */
  readonly expiresAt?: number
  /** As a personal token: sees and touches only its owner's tokens, creates only personal ones. Default `false`. */
  readonly personal?: boolean
  /** May create tokens for other owners. Default `false`. */
  readonly assignOwner?: boolean
}

/** A caller made ready for judgement. `tokenId`: of the token that authenticates the call. */
export interface Actor {
  readonly power: CallerPower
  readonly tokenId?: string
  /** The caller as it is by now, for an operation that takes long. Rejects if it may not call any more. */
  readonly again?: () => Promise<Actor>
}

/** `undefined`: the host's own code, which is not judged. */
export type MaybeActor = Actor | undefined

export function actorFromToken(entry: Entry, environment: string): Actor {
  const { token, scopes, ownerScopes } = entry
  const owned = ownerScopes === undefined || ownerScopes === 'unknown' ? [] : [ownerScopes]
  return {
    tokenId: token.id,
    power: {
      owner: token.owner,
      personal: token.personal,
      powers: [scopes, ...owned],
      networks: token.networks,
      expiresAt: token.expiresAt,
      environment,
      assignOwner: false,
    },
  }
}

/** Throws a `TypeError` (`ERR_OPTION`) if the host's answer is not a caller: a slip must never widen it. */
export function actorFromHost(caller: Caller | undefined, environment: string): Actor {
  // Also `undefined`, which a host's lookup may come to: it must not count as the host itself.
  if (typeof caller !== 'object' || caller === null) throw optionError('caller', 'must be an object')
  const { owner, scopes, networks = [], expiresAt, personal = false, assignOwner = false } = caller
  if (typeof owner !== 'string' || owner === '') throw optionError('caller.owner', 'must be a text')
  if (!isTextList(scopes)) throw optionError('caller.scopes', 'must be a list of scopes')
  if (!isTextList(networks)) throw optionError('caller.networks', 'must be a list of CIDR blocks')
  for (const block of networks) {
    const read = parseBlock(block)
    if (!read.ok) throw optionError('caller.networks', `holds an invalid block. ${read.error}`)
  }
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) throw optionError('caller.expiresAt', 'must be a time')
  return {
    power: {
      owner,
      personal: personal === true,
      powers: [compileScopes(scopes)],
      networks,
      expiresAt,
      environment,
      assignOwner: assignOwner === true,
    },
  }
}

/** Whether a record exists for this caller: a personal one sees only its owner's. */
export function maySee(actor: MaybeActor, record: Pick<TokenRecord, 'owner'>): boolean {
  return actor === undefined || !actor.power.personal || record.owner === actor.power.owner
}

/** The scopes of those asked that the caller lacks. */
export function lacks(actor: Actor, scopes: readonly string[]): readonly string[] {
  return scopes.filter((scope) => !actor.power.powers.every((power) => power.covers(scope)))
}

export function powerOf(record: TokenRecord, environment: string): Power {
  const { owner, personal, scopes, networks, expiresAt } = record
  return { owner, personal, scopes, networks, expiresAt, environment }
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
