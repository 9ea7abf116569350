import { RequestError } from '../errors.js'
import type { Actor } from '../manage/caller.js'
import { invalidInput, violationsOf } from '../manage/check-input.js'
import { type ManageContext, notFound } from '../manage/context.js'
import { createToken } from '../manage/create.js'
import type { CreateInput, RotateInput, UpdateInput } from '../manage/inputs.js'
import { type ListRequest, type NextRequest, openPage } from '../manage/list.js'
import { getToken, lookupToken } from '../manage/lookup.js'
import { deleteToken, revokeToken } from '../manage/remove.js'
import { cancelRotation, finishRotation, rotateToken } from '../manage/rotate.js'
import type { InputSchemas } from '../manage/schemas.js'
import { updateToken } from '../manage/update.js'
import type { ApiToken } from '../types.js'
import { inBodyWords, readInput, renamed } from './body.js'
import type { Answer, BodyOperation, Dialect, OperationName } from './dialects/dialect.js'
import { show } from './dialects/resource.js'
import { listAnswer } from './list-answer.js'
import { inListWords, readListQuery } from './list-query.js'
import type { HttpRequest, HttpResponse } from './message.js'
import { OPERATIONS } from './routes.js'

/** A call, whoever makes it. */
export interface Call {
  readonly context: ManageContext
  readonly dialect: Dialect
  readonly request: HttpRequest
  readonly operation: Exclude<OperationName, 'describe'>
  /** What stands in the place of `{id}`. */
  readonly id: string
}

export const SCHEMAS: Readonly<Record<BodyOperation, keyof InputSchemas>> = {
  create: 'create',
  update: 'update',
  rotate: 'rotate',
  lookup: 'presented',
  revoke: 'presented',
}

const NO_CONTENT: HttpResponse = { status: 204 }

/**
 * Reads the input; the answer runs the use case and answers in the dialect's words. Both throw `RequestError` in these
 * words too.
 */
export async function readOperation(call: Call): Promise<(actor: Actor) => Promise<HttpResponse>> {
  const { context, dialect, request, operation } = call
  if (operation === 'list') {
    const asked = readListQuery(dialect, request.search, context.now())
    return (actor) => list(call, actor, asked)
  }
  const { body } = OPERATIONS[operation]
  if (body === undefined) return (actor) => act(call, operation, actor, {})
  const name = operation in SCHEMAS ? (operation as BodyOperation) : undefined
  const { input, violations } = await readInput(request, dialect, name, body === 'optional')
  const found = name === undefined ? [] : violationsOf(context.schemas[SCHEMAS[name]], input)
  const all = [...violations, ...renamed(dialect, name, found)]
  if (all.length > 0) throw invalidInput(all)
  return async (actor) => {
    try {
      return await act(call, operation, actor, input)
    } catch (error) {
      throw error instanceof RequestError ? inBodyWords(dialect, name, error) : error
    }
  }
}

async function list({ context, dialect }: Call, actor: Actor, asked: ListRequest | NextRequest): Promise<HttpResponse> {
  try {
    return await listAnswer(dialect, await openPage(context, asked, actor))
  } catch (error) {
    throw error instanceof RequestError ? inListWords(dialect.list, error) : error
  }
}

/** `input` has passed the schema of its operation. */
async function act(
  call: Call,
  operation: Exclude<Call['operation'], 'list'>,
  actor: Actor,
  input: unknown,
): Promise<HttpResponse> {
  const { context, dialect, request } = call
  const target = (wholeToken = false) => targetOf(call, actor, wholeToken)
  switch (operation) {
    case 'create':
      return answer(dialect.created, await createToken(context, input as CreateInput, actor), request.mount)
    case 'lookup':
      return shown(dialect, await lookupToken(context, (input as { token: string }).token, actor))
    case 'revoke':
      await revokeToken(context, (input as { token: string }).token, actor)
      return NO_CONTENT
    case 'get':
      return shown(dialect, await getToken(context, target(), actor))
    case 'update':
      return answer(dialect.updated, await updateToken(context, target(), input as UpdateInput, actor))
    case 'delete':
      await deleteToken(context, target(true), actor, call.id === 'self')
      return NO_CONTENT
    case 'rotate':
      return answer(dialect.rotated, await rotateToken(context, target(), input as RotateInput, actor))
    case 'finish':
      await finishRotation(context, target(), actor)
      return NO_CONTENT
    case 'cancel':
      await cancelRotation(context, target(), actor)
      return NO_CONTENT
  }
}

/** The token that the path names: `self`, an id, or where that is allowed a whole token. Anything else is unknown. */
function targetOf({ context, id }: Call, actor: Actor, wholeToken: boolean): string {
  if (id === 'self' && actor.tokenId !== undefined) return actor.tokenId
  if (context.format.isId(id)) return id
  if (wholeToken && context.format.parse(id) !== undefined) return id
  throw notFound()
}

function shown(dialect: Dialect, token: ApiToken): HttpResponse {
  return { status: 200, body: show(dialect.resource, token) }
}

function answer<Input extends unknown[]>({ status, of }: Answer<Input>, ...input: Input): HttpResponse {
  return { status, ...of(...input) }
}
