import { RequestError, type Violation } from '../errors.js'
import { invalidInput } from '../manage/check-input.js'
import type { BodyOperation, Dialect } from './dialects/dialect.js'
import type { HttpRequest } from './message.js'
import { announcesBody, checkBodyHeaders } from './read-json.js'

/** A body in core's words, and what of it the dialect does not allow. */
export interface WireInput {
  readonly input: Record<string, unknown>
  readonly violations: readonly Violation[]
}

/**
 * Reads a JSON object in a dialect's words. Members that the dialect ignores are dropped, unknown ones are violations.
 * Throws `RequestError` for a body that is no JSON object.
 */
export async function readInput(
  request: HttpRequest,
  dialect: Dialect,
  operation: BodyOperation | undefined,
  optional: boolean,
): Promise<WireInput> {
  const body = await readBody(request, optional)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidInput([{ path: '', message: 'The body must be a JSON object.' }])
  }
  const members = (operation && dialect.members[operation]) ?? {}
  const ignored = (operation && dialect.ignored[operation]) ?? []
  const required = (operation && dialect.required[operation]) ?? []
  const input: Record<string, unknown> = {}
  const violations: Violation[] = []
  for (const [name, value] of Object.entries(body)) {
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (member !== undefined) input[member] = value
    else if (!ignored.includes(name)) violations.push({ path: name, message: 'There is no such member.' })
  }
  for (const name of required) {
    const given: unknown = Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined
    if (given === undefined || given === null) violations.push({ path: name, message: 'This member is required.' })
  }
  return { input, violations }
}

/** An error of a use case, with its places in the dialect's words. */
export function inBodyWords(dialect: Dialect, operation: BodyOperation | undefined, error: RequestError): RequestError {
  return new RequestError(error.code, error.message, renamed(dialect, operation, error.violations))
}

export function renamed(
  dialect: Dialect,
  operation: BodyOperation | undefined,
  violations: readonly Violation[],
): readonly Violation[] {
  // What exceeds the caller may be a member of the token that this operation does not take: `create` has them all.
  const members = { ...dialect.members.create, ...(operation && dialect.members[operation]) }
  const names = new Map(Object.entries(members).map(([wire, member]) => [member, wire]))
  return violations.map(({ path, message }) => ({
    path: path.replace(/^[A-Za-z]+/, (head) => names.get(head) ?? head),
    message,
  }))
}

async function readBody(request: HttpRequest, optional: boolean): Promise<unknown> {
  if (optional && (!announcesBody(request.headers) || (await isUntypedNothing(request)))) return {}
  checkBodyHeaders(request.headers)
  const body = await request.body()
  if (body !== undefined) return body
  if (optional) return {}
  throw invalidInput([{ path: '', message: 'A JSON body is needed.' }])
}

/** Clients announce chunks for a body that turns out to be empty; nobody gives that a type. */
async function isUntypedNothing(request: HttpRequest): Promise<boolean> {
  if (request.headers['content-type'] !== undefined) return false
  return request.body().then(
    (body) => body === undefined,
    () => false,
  )
}
