import { RequestError } from '../errors.js'
import type { Actor } from '../manage/actor.js'
import type { ManageContext } from '../manage/context.js'
import { createToken } from '../manage/create.js'
import type { CheckedInputs } from '../manage/inputs.js'
import { openPage } from '../manage/list.js'
import { getToken, lookupToken } from '../manage/lookup.js'
import { notFound } from '../manage/records.js'
import { deleteToken, revokeToken } from '../manage/remove.js'
import { cancelRotation, finishRotation, rotateToken } from '../manage/rotate.js'
import { updateToken } from '../manage/update.js'
import type { ApiToken } from '../types.js'
import { readInput } from './body.js'
import {
  type Answer,
  type BodyOperation,
  type Dialect,
  type OperationName,
  renameViolations,
} from './dialects/dialect.js'
import { show } from './dialects/resource.js'
import { answerList, readListQuery } from './list.js'
import type { HttpRequest, HttpResponse } from './message.js'

/** A request for one operation, whoever makes it. */
export interface Call {
  readonly context: ManageContext
  readonly dialect: Dialect
  readonly request: HttpRequest
  readonly operation: Exclude<OperationName, 'describe'>
  /** What stands in the place of `{id}`. */
  readonly id: string
}

/** Runs an operation whose input has been read and checked, and answers in the dialect's words. */
export type Run = (actor: Actor) => Promise<HttpResponse>

/** Reads and checks the input of an operation. Both this and the run throw `RequestError` in the dialect's words. */
export async function readOperation(call: Call): Promise<Run> {
  const run = await READERS[call.operation](call)
  return async (actor) => {
    try {
      return await run(actor)
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      const { code, message, violations } = error
      throw new RequestError(code, message, renameViolations(call.dialect, call.operation, violations))
    }
  }
}

const NO_CONTENT: HttpResponse = { status: 204 }

const READERS: Readonly<Record<Call['operation'], (call: Call) => Promise<Run> | Run>> = {
  list({ context, dialect, request }) {
    const query = readListQuery(dialect, request.search, context.now())
    return async (actor) => answerList(dialect, await openPage(context, query, actor))
  },
  async create(call) {
    const input = await inputOf(call, 'create')
    return async (actor) => {
      const owned = { owner: actor.grant.owner, ...input }
      return answer(call.dialect.created, await createToken(call.context, owned, actor), call.request.mount)
    }
  },
  async lookup(call) {
    const { token } = await inputOf(call, 'lookup')
    return async (actor) => shown(call, await lookupToken(call.context, token, actor))
  },
  async revoke(call) {
    const { token } = await inputOf(call, 'revoke')
    return async (actor) => {
      await revokeToken(call.context, token, actor)
      return NO_CONTENT
    }
  },
  get(call) {
    return async (actor) => shown(call, await getToken(call.context, targetId(call, actor), actor))
  },
  async update(call) {
    const input = await inputOf(call, 'update')
    return async (actor) =>
      answer(call.dialect.updated, await updateToken(call.context, targetId(call, actor), input, actor))
  },
  delete(call) {
    return async (actor) => {
      const { context, id } = call
      // A whole token is accepted in the place of an id.
      const target = context.format.parse(id) === undefined ? targetId(call, actor) : id
      await deleteToken(context, target, actor, id === 'self')
      return NO_CONTENT
    }
  },
  async rotate(call) {
    const input = await inputOf(call, 'rotate')
    return async (actor) =>
      answer(call.dialect.rotated, await rotateToken(call.context, targetId(call, actor), input, actor))
  },
  async finish(call) {
    await inputOf(call, 'finish')
    return async (actor) => {
      await finishRotation(call.context, targetId(call, actor), actor)
      return NO_CONTENT
    }
  },
  async cancel(call) {
    await inputOf(call, 'cancel')
    return async (actor) => {
      await cancelRotation(call.context, targetId(call, actor), actor)
      return NO_CONTENT
    }
  },
}

function inputOf<Operation extends BodyOperation>(
  { context, dialect, request }: Call,
  operation: Operation,
): Promise<CheckedInputs[Operation]> {
  return readInput(request, dialect, operation, context.schemas)
}

/** The id of the token that the path names, by its id or as `self`. Throws `ERR_NOT_FOUND`. */
function targetId({ context, id }: Call, actor: Actor): string {
  if (id === 'self' && actor.tokenId !== undefined) return actor.tokenId
  if (context.format.isId(id)) return id
  throw notFound()
}

function shown({ dialect }: Call, token: ApiToken): HttpResponse {
  return { status: 200, body: show(dialect.resource, token) }
}

function answer<Input extends unknown[]>({ status, of }: Answer<Input>, ...input: Input): HttpResponse {
  return { status, ...of(...input) }
}
