import { optionError } from '../errors.js'
import { parseBlock } from '../policy/cidr.js'
import { compileScopes } from '../policy/scopes.js'
import type { Actor } from './actor.js'

/** Who calls a management operation: the user of the host's own sign-in, or the user that the host's code acts for. */
export interface Caller {
  /** Owns what the caller creates. Not empty. */
  readonly owner: string
  /** What the caller may do itself, wildcards allowed. The management scopes decide which operations it may call. */
  readonly scopes: readonly string[]
  /** CIDR blocks that bind the caller; none or absent: not bound. */
  readonly networks?: readonly string[]
  /**
   * When the caller's access ends, in epoch milliseconds: from then on it may do nothing. What it creates cannot outlive
   * it.
   */
  readonly expiresAt?: number
  /** As a personal token: sees and changes only its owner's tokens, creates only personal ones. Default `false`. */
  readonly personal?: boolean
  /** May create tokens for other owners. Default `false`. */
  readonly assignOwner?: boolean
}

/** On whose behalf an in-process call is made. Absent: the host's own, which is not checked. */
export interface OnBehalf {
  readonly caller?: Caller
}

/** Throws a `TypeError` (`ERR_OPTION`) if the host's answer is not a caller: a mistake must never widen access. */
export function actorFromCaller(caller: Caller | undefined, environment: string): Actor {
  // `undefined` too, which a failed lookup of the host may return: it must not count as the host itself.
  if (typeof caller !== 'object' || caller === null) throw optionError('caller', 'must be an object')
  const { owner, scopes, networks = [], expiresAt, personal = false, assignOwner = false } = caller
  if (typeof owner !== 'string' || owner === '') throw optionError('caller.owner', 'must be a non-empty string')
  if (!isStringList(scopes)) throw optionError('caller.scopes', 'must be a list of scopes')
  if (!isStringList(networks)) throw optionError('caller.networks', 'must be a list of CIDR blocks')
  for (const block of networks) {
    const read = parseBlock(block)
    if (!read.ok) throw optionError('caller.networks', `holds an invalid block. ${read.error}`)
  }
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) throw optionError('caller.expiresAt', 'must be a time')
  return {
    grant: {
      owner,
      personal: personal === true,
      scopeSets: [compileScopes(scopes)],
      networks,
      expiresAt,
      environment,
      assignOwner: assignOwner === true,
    },
  }
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
