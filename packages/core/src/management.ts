import type { ManagementOperation } from './audit-entry.js'
import type { Latchkey } from './instance.js'
import { assertMayCall } from './manage/authority.js'
import { type OnBehalf, type Principal, type PrincipalOrHost, principalFromCaller } from './manage/caller.js'
import { checkInput } from './manage/check-input.js'
import type { ManageContext } from './manage/context.js'
import { createFirstToken, createToken } from './manage/create.js'
import { explainToken } from './manage/explain.js'
import type { CreateInput } from './manage/inputs.js'
import { listTokens } from './manage/list.js'
import { readRevokeFilter } from './manage/list-request.js'
import { getToken, lookupToken } from './manage/lookup.js'
import { deleteToken, revokeToken } from './manage/remove.js'
import { checkRevokeOptions, revokeAll } from './manage/revoke-all.js'
import { endRotation, rotateToken } from './manage/rotate.js'
import { readUpdate, updateToken } from './manage/update.js'
import { assertKnownOptions } from './option-checks.js'
import { normalAddress } from './policy/address.js'
import { checkExplainRequest } from './verify/explain.js'

/** The management calls of the host's own code. Each checks the caller and the input, and runs the use case. */
export function managementCalls(context: ManageContext) {
  const { schemas } = context

  /**
   * Judges the caller, reads the input and runs the use case. `named`: the token that it is about. `read` runs before
   * this returns to the caller, who may change afterwards what was passed.
   */
  async function call<Input, T>(
    operation: ManagementOperation,
    options: OnBehalf | undefined,
    named: string | undefined,
    read: (principal: PrincipalOrHost) => Input,
    run: (principal: PrincipalOrHost, input: Input) => Promise<T>,
  ): Promise<T> {
    const caller = readCaller(context, operation, options)
    const assertAllowed = (asking: Principal) =>
      assertMayCall(context, asking, operation, options !== undefined && 'ip' in options)
    // The host's audit, or a hash, may take long: the caller's access may end meanwhile.
    const principal = caller && {
      ...caller,
      async reauthorize() {
        assertAllowed(caller)
        return caller
      },
    }
    let input: Input
    try {
      if (principal !== undefined) assertAllowed(principal)
      input = read(principal)
    } catch (error) {
      await context.audit.refuse(operation, principal, named, error)
      throw error
    }
    return run(principal, input)
  }

  const nothing = () => undefined
  const readCreate = (input: CreateInput) => (by: PrincipalOrHost) => {
    if (by === undefined) return checkInput(schemas.createOwned, input)
    return { owner: by.grant.owner, ...checkInput(schemas.create, input) }
  }

  return {
    create: (input, options) =>
      call('create', options, undefined, readCreate(input), (by, checked) => createToken(context, checked, by)),
    createFirst: (input, options) =>
      call('create', options, undefined, readCreate(input), (by, checked) => createFirstToken(context, checked, by)),
    update: (id, input, options) =>
      call(
        'update',
        options,
        id,
        () => readUpdate(context, input),
        (by, request) => updateToken(context, id, request, by),
      ),
    rotate: (id, input = {}, options) =>
      call(
        'rotate',
        options,
        id,
        () => checkInput(schemas.rotate, input),
        (by, checked) => rotateToken(context, id, checked, by),
      ),
    list: (request = {}, options) =>
      call('list', options, undefined, nothing, (by) => listTokens(context, request, by)),
    get: (id, options) => call('get', options, id, nothing, (by) => getToken(context, id, by)),
    delete: (idOrToken, options) =>
      call('delete', options, idOrToken, nothing, (by) => deleteToken(context, idOrToken, by)),
    finishRotation: (id, options) =>
      call('finish', options, id, nothing, (by) => endRotation(context, id, 'finish', by)),
    cancelRotation: (id, options) =>
      call('cancel', options, id, nothing, (by) => endRotation(context, id, 'cancel', by)),
    lookup: (token, options) => call('lookup', options, token, nothing, (by) => lookupToken(context, token, by)),
    explain: (request, options) =>
      call(
        'explain',
        options,
        undefined,
        () => checkExplainRequest(request),
        (by, checked) => explainToken(context, checked, by),
      ),
    revoke: (token, options) => call('revoke', options, token, nothing, (by) => revokeToken(context, token, by)),
    revokeAll: async (filter, options = {}) => {
      checkRevokeOptions(options)
      const { onProgress, signal, ...onBehalf } = options
      return call(
        'revokeAll',
        onBehalf,
        undefined,
        () => readRevokeFilter(filter),
        (by, checked) => revokeAll(context, checked, by, { onProgress, signal }),
      )
    },
  } satisfies Partial<Latchkey>
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
