import type { ManagementOperation } from './audit-entry.js'
import type { Latchkey } from './instance.js'
import { assertMayCall } from './manage/authority.js'
import { type OnBehalf, type PrincipalOrHost, principalFromCaller } from './manage/caller.js'
import { checkInput } from './manage/check-input.js'
import type { ManageContext } from './manage/context.js'
import { createToken } from './manage/create.js'
import { listTokens } from './manage/list.js'
import { getToken, lookupToken } from './manage/lookup.js'
import { deleteToken, revokeToken } from './manage/remove.js'
import { cancelRotation, finishRotation, rotateToken } from './manage/rotate.js'
import { readUpdate, updateToken } from './manage/update.js'
import { assertKnownOptions } from './option-checks.js'
import { normalAddress } from './policy/address.js'

type Rotations = 'rotate' | 'finishRotation' | 'cancelRotation'
type ManagementCalls = Pick<Latchkey, 'create' | 'get' | 'list' | 'update' | 'delete' | 'lookup' | 'revoke' | Rotations>

/** The management calls of the host's own code. Each checks the caller and the input, and runs the use case. */
export function managementCalls(context: ManageContext): ManagementCalls {
  const { schemas } = context

  /** Runs the use case, before it returns to the caller: what is passed may be changed afterwards. */
  async function call<T>(
    operation: ManagementOperation,
    options: OnBehalf | undefined,
    run: (principal: PrincipalOrHost) => Promise<T>,
  ): Promise<T> {
    const principal = readCaller(context, operation, options)
    if (principal === undefined) return run(undefined)
    try {
      assertMayCall(context, principal, operation, options?.ip !== undefined)
    } catch (error) {
      await context.audit.refuse(operation, principal, undefined, error)
      throw error
    }
    return run(principal)
  }

  return {
    create: (input, options) =>
      call('create', options, async (principal) => {
        if (principal === undefined) return createToken(context, checkInput(schemas.createOwned, input), principal)
        const checked = checkInput(schemas.create, input)
        return createToken(context, { owner: principal.grant.owner, ...checked }, principal)
      }),
    update: (id, input, options) =>
      call('update', options, async (by) => updateToken(context, id, readUpdate(context, input), by)),
    rotate: (id, input = {}, options) =>
      call('rotate', options, async (by) => rotateToken(context, id, checkInput(schemas.rotate, input), by)),
    get: (id, options) => call('get', options, (by) => getToken(context, id, by)),
    list: (request = {}, options) => call('list', options, (by) => listTokens(context, request, by)),
    delete: (idOrToken, options) => call('delete', options, (by) => deleteToken(context, idOrToken, by)),
    finishRotation: (id, options) => call('finish', options, (by) => finishRotation(context, id, by)),
    cancelRotation: (id, options) => call('cancel', options, (by) => cancelRotation(context, id, by)),
    lookup: (token, options) => call('lookup', options, (by) => lookupToken(context, token, by)),
    revoke: (token, options) => call('revoke', options, (by) => revokeToken(context, token, by)),
  }
}

/** Without a `caller` it is the host's own call, which is not checked. */
function readCaller(
  { environment, managementScopes }: ManageContext,
  operation: ManagementOperation,
  options: OnBehalf = {},
): PrincipalOrHost {
  assertKnownOptions(operation, options, ['caller', 'ip'])
  if (!('caller' in options)) return undefined
  return principalFromCaller(options.caller, { environment, managementScopes, ip: normalAddress(options.ip) })
}
