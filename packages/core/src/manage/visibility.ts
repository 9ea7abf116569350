import { RequestError } from '../errors.js'
import type { TokenRecord } from '../types.js'
import type { PrincipalOrHost } from './caller.js'

/** Whether a record exists for this caller: a personal one sees only its owner's. */
export function maySee(principal: PrincipalOrHost, record: Pick<TokenRecord, 'owner'>): boolean {
  return principal === undefined || !principal.grant.personal || record.owner === principal.grant.owner
}

/** A token that does not exist, or not for this caller. */
export function notFound(): RequestError {
  return new RequestError('ERR_NOT_FOUND', 'There is no such token.')
}
