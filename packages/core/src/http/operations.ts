import { RequestError, type Violation } from '../errors.js'
import type { Principal } from '../manage/caller.js'
import { capabilitiesOf } from '../manage/capabilities.js'
import { MAX_VIOLATIONS } from '../manage/check-input.js'
import type { ManageContext } from '../manage/context.js'
import { createToken } from '../manage/create.js'
import { explainToken } from '../manage/explain.js'
import type { CheckedInputs } from '../manage/inputs.js'
import { openPage } from '../manage/list.js'
import { getToken, lookupToken } from '../manage/lookup.js'
import { deleteToken, revokeToken } from '../manage/remove.js'
import { revokeBatch } from '../manage/revoke-all.js'
import { endRotation, rotateToken } from '../manage/rotate.js'
import { readUpdate, updateToken } from '../manage/update.js'
import { isTokenId } from '../token/id.js'
import type { ApiToken } from '../types.js'
import { RefusedError } from './admit-caller.js'
import { readInput, translateBody } from './body.js'
import {
  type Answer,
  type BodyOperation,
  type Dialect,
  type OperationName,
  renameViolations,
} from './dialects/dialect.js'
import { iso, show } from './dialects/resource.js'
import { answerList, readListQuery } from './list.js'
import type { HttpRequest, HttpResponse } from './message.js'
import { unlessEqual } from './read-only.js'

/** A request for one operation, whoever makes it. */
export interface Call {
  readonly context: ManageContext
  readonly dialect: Dialect
  readonly request: HttpRequest
  readonly operation: Exclude<OperationName, 'describe'>
  /** What stands in the place of `{id}`. */
  readonly id: string
  /** Whether a whole token may stand there, for deletion. */
  readonly secretInPath: boolean
  /** Whether the host binds tokens to resources. */
  readonly resources: boolean
}

/** Runs an operation whose input has been read and checked, and answers in the dialect's words. */
export type Run = (principal: Principal) => Promise<HttpResponse>

/** Reads and checks the input of an operation. Both this and the run throw `RequestError` in the dialect's words. */
export async function prepareOperation(call: Call): Promise<Run> {
  const run = await READERS[call.operation](call)
  return async (principal) => {
    try {
      return await run(principal)
    } catch (error) {
      // A refusal of the caller has its own answer.
      if (!(error instanceof RequestError) || error instanceof RefusedError || error instanceof WireError) throw error
      const { code, message, violations } = error
      throw new RequestError(code, message, renameViolations(call.dialect, call.operation, violations))
    }
  }
}

/** Violations that are in the dialect's words already. */
class WireError extends RequestError {
  constructor(violations: readonly Violation[]) {
    super('ERR_INVALID_INPUT', 'The input is invalid.', violations.slice(0, MAX_VIOLATIONS))
  }
}

const NO_CONTENT: HttpResponse = { status: 204 }

const READERS: Readonly<Record<Call['operation'], (call: Call) => Promise<Run> | Run>> = {
  list({ context, dialect, request }) {
    const query = readListQuery(dialect, request.search, context.now())
    return async (principal) => answerList(dialect, await openPage(context, query, principal, request.signal))
  },
  async create(call) {
    const input = await inputOf(call, 'create')
    return async (principal) => {
      const owned = { owner: principal.grant.owner, ...input }
      return answer(call.dialect.created, await createToken(call.context, owned, principal), call.request.mount)
    }
  },
  async lookup(call) {
    const { token } = await inputOf(call, 'lookup')
    return async (principal) => shown(call, await lookupToken(call.context, token, principal))
  },
  async revoke(call) {
    const { token } = await inputOf(call, 'revoke')
    return async (principal) => {
      await revokeToken(call.context, token, principal)
      return NO_CONTENT
    }
  },
  async revokeAll(call) {
    const filter = await inputOf(call, 'revokeAll')
    const { context, request } = call
    return async (principal) => ({ status: 200, body: await revokeBatch(context, filter, principal, request.signal) })
  },
  get(call) {
    return async (principal) => shown(call, await getToken(call.context, targetId(call, principal), principal))
  },
  async update(call) {
    const { context, dialect, request } = call
    const { input, readOnly, violations } = await translateBody(request, dialect, 'update')
    const read = readUpdate(context, input, dialect.nullRemoves)
    const update = {
      ...read,
      problemsUnlessHeld: [...read.problemsUnlessHeld, ...unlessEqual(dialect, readOnly, context.now)],
    }
    return async (principal) => {
      const id = targetId(call, principal)
      if (violations.length === 0) {
        return answer(dialect.updated, await updateToken(context, id, update, principal))
      }
      const checked = { ok: false, violations: update.checked.ok ? [] : update.checked.violations } as const
      await updateToken(context, id, { ...update, checked }, principal).catch((error: unknown) => {
        if (!(error instanceof RequestError) || error.code !== 'ERR_INVALID_INPUT') throw error
        throw new WireError([...violations, ...renameViolations(dialect, 'update', error.violations)])
      })
      throw new WireError(violations)
    }
  },
  delete(call) {
    return async (principal) => {
      const { context, id, secretInPath } = call
      const isName = secretInPath || id === 'self' || isTokenId(id)
      // What names no token is looked up all the same, so that the audit has an entry.
      await deleteToken(context, isName ? targetId(call, principal) : '', principal, id === 'self')
      return NO_CONTENT
    }
  },
  async rotate(call) {
    const input = await inputOf(call, 'rotate')
    return async (principal) =>
      answer(call.dialect.rotated, await rotateToken(call.context, targetId(call, principal), input, principal))
  },
  finish: (call) => readEnd(call, 'finish'),
  cancel: (call) => readEnd(call, 'cancel'),
  async explain(call) {
    const { id = '', token, ...asked } = await inputOf(call, 'explain')
    const request = { ...asked, ...(token === undefined ? { id } : { token }) }
    return async (principal) => ({ status: 200, body: await explainToken(call.context, request, principal) })
  },
  capabilities({ context, resources }) {
    return async (principal) => {
      const { owner, personal, may, expiresAt, ...rest } = await capabilitiesOf(context, principal)
      const usesResources = resources || rest.resources.length > 0
      return { status: 200, body: { owner, personal, may, usesResources, ...rest, expiresAt: iso(expiresAt) } }
    }
  },
}

async function readEnd(call: Call, step: 'finish' | 'cancel'): Promise<Run> {
  await inputOf(call, step)
  return async (principal) =>
    answer(call.dialect.ended, await endRotation(call.context, targetId(call, principal), step, principal))
}

function inputOf<Operation extends BodyOperation>(
  { context, dialect, request }: Call,
  operation: Operation,
): Promise<CheckedInputs[Operation]> {
  return readInput(request, dialect, operation, context.schemas)
}

/** The id of the token that the path names as `self`, else what the path says, which may be no id. */
function targetId({ id }: Call, principal: Principal): string {
  return id === 'self' && principal.token !== undefined ? principal.token.id : id
}

function shown({ dialect }: Call, token: ApiToken): HttpResponse {
  return { status: 200, body: show(dialect.resource, token) }
}

function answer<Input extends unknown[]>({ status, of }: Answer<Input>, ...input: Input): HttpResponse {
  return { status, ...of(...input) }
}
