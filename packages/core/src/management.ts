import { RequestError } from './errors.js'
import type { Latchkey } from './instance.js'
import type { ActorOrHost } from './manage/actor.js'
import { actorFromCaller, type OnBehalf } from './manage/caller.js'
import { checkInput } from './manage/check-input.js'
import type { ManageContext } from './manage/context.js'
import { createToken } from './manage/create.js'
import { listTokens } from './manage/list.js'
import { getToken, lookupToken } from './manage/lookup.js'
import { deleteToken, revokeToken } from './manage/remove.js'
import { cancelRotation, finishRotation, rotateToken } from './manage/rotate.js'
import { updateToken } from './manage/update.js'
import { isExpired } from './policy/expiry.js'

type Rotations = 'rotate' | 'finishRotation' | 'cancelRotation'
type ManagementCalls = Pick<Latchkey, 'create' | 'get' | 'list' | 'update' | 'delete' | 'lookup' | 'revoke' | Rotations>

/** The management calls of the host's own code. Each checks the caller and the input, and runs the use case. */
export function managementCalls(context: ManageContext): ManagementCalls {
  const { schemas } = context
  const actorOf = (options?: OnBehalf) => readActor(context, options)
  return {
    async create(input, options) {
      const actor = actorOf(options)
      if (actor === undefined) return createToken(context, checkInput(schemas.createOwned, input), actor)
      const checked = checkInput(schemas.create, input)
      return createToken(context, { owner: actor.grant.owner, ...checked }, actor)
    },
    async update(id, input, options) {
      const actor = actorOf(options)
      return updateToken(context, id, checkInput(schemas.update, input), actor)
    },
    async rotate(id, input = {}, options) {
      const actor = actorOf(options)
      return rotateToken(context, id, checkInput(schemas.rotate, input), actor)
    },
    get: async (id, options) => getToken(context, id, actorOf(options)),
    list: async (request = {}, options) => listTokens(context, request, actorOf(options)),
    delete: async (idOrToken, options) => deleteToken(context, idOrToken, actorOf(options)),
    finishRotation: async (id, options) => finishRotation(context, id, actorOf(options)),
    cancelRotation: async (id, options) => cancelRotation(context, id, actorOf(options)),
    lookup: async (token, options) => lookupToken(context, token, actorOf(options)),
    revoke: async (token, options) => revokeToken(context, token, actorOf(options)),
  }
}

/** Without a `caller` it is the host's own call, which is not checked. */
function readActor({ environment, now }: ManageContext, options: OnBehalf = {}): ActorOrHost {
  if (!('caller' in options)) return undefined
  const actor = actorFromCaller(options.caller, environment)
  if (isExpired(actor.grant.expiresAt, now())) {
    throw new RequestError('ERR_NOT_ALLOWED', "The caller's access has expired.")
  }
  return actor
}
