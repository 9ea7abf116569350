import type { Violation } from '../errors.js'
import { invalidInput, noSuchMember, parseInput } from '../manage/check-input.js'
import type { CheckedInputs } from '../manage/inputs.js'
import type { InputSchemas } from '../manage/schemas.js'
import { isObject } from '../option-checks.js'
import { type BodyOperation, type Dialect, renameViolations, schemaOf } from './dialects/dialect.js'
import { checkBodyHeaders } from './json-body.js'
import type { HttpRequest } from './message.js'
import { OPERATION_ROUTES } from './routes.js'

/**
 * Reads the body of an operation in a dialect's words, and checks it: once, here. Members that the dialect ignores are
 * dropped.
 * Throws `RequestError` for a body that is not a JSON object, or with every violation, in the dialect's words.
 */
export async function readInput<Operation extends BodyOperation>(
  request: HttpRequest,
  dialect: Dialect,
  operation: Operation,
  schemas: InputSchemas,
): Promise<CheckedInputs[Operation]> {
  const { input, violations } = await translateBody(request, dialect, operation)
  const checked = parseInput<CheckedInputs[Operation]>(schemaOf(schemas, dialect, operation), input)
  if (checked.ok && violations.length === 0) return checked.value
  const renamed = checked.ok ? [] : renameViolations(dialect, operation, checked.violations)
  throw invalidInput([...violations, ...renamed])
}

/** A body in core's words, unchecked. */
export interface TranslatedBody {
  readonly input: Readonly<Record<string, unknown>>
  /** Members that cannot be changed, as they came. */
  readonly readOnly: Readonly<Record<string, unknown>>
  /** What of it the dialect does not allow, in its words. */
  readonly violations: readonly Violation[]
}

/** Reads a body into core's words. Throws `RequestError` for one that is not a JSON object. */
export async function translateBody(
  request: HttpRequest,
  dialect: Dialect,
  operation: BodyOperation,
): Promise<TranslatedBody> {
  const body = await readBody(
    request,
    OPERATION_ROUTES[operation].body === 'optional',
    mediaTypesOf(dialect, operation),
  )
  if (!isObject(body)) throw invalidInput([{ path: '', message: 'The body must be a JSON object.' }])
  return translate(body, dialect, operation)
}

/** The media types that an operation's body may have, the proper one first. */
export function mediaTypesOf({ nullRemoves }: Dialect, operation: BodyOperation): readonly string[] {
  return nullRemoves && operation === 'update' ? ['application/merge-patch+json', JSON_TYPE] : [JSON_TYPE]
}

const JSON_TYPE = 'application/json'

async function readBody(request: HttpRequest, optional: boolean, mediaTypes: readonly string[]): Promise<unknown> {
  if (optional && (await isUntypedAndEmpty(request))) return {}
  checkBodyHeaders(request.headers, mediaTypes)
  const body = await request.body()
  if (body !== undefined) return body
  if (optional) return {}
  throw invalidInput([{ path: '', message: 'A JSON body is needed.' }])
}

/** Whether the stream has no body: HTTP/2 needs no header for one, and a chunked one may be empty. */
async function isUntypedAndEmpty(request: HttpRequest): Promise<boolean> {
  if (request.headers['content-type'] !== undefined) return false
  return request.body().then(
    (body) => body === undefined,
    () => false,
  )
}

function translate(body: object, dialect: Dialect, operation: BodyOperation): TranslatedBody {
  const members = dialect.members[operation] ?? {}
  const ignored = dialect.ignored[operation] ?? []
  const unchangeable = operation === 'update' ? dialect.readOnly : []
  const input: Record<string, unknown> = {}
  const readOnly: Record<string, unknown> = {}
  const violations: Violation[] = []
  for (const [name, value] of Object.entries(body)) {
    const member = Object.hasOwn(members, name) ? members[name] : undefined
    if (member !== undefined) input[member] = value
    else if (unchangeable.includes(name)) readOnly[name] = value
    else if (!ignored.includes(name)) violations.push(noSuchMember(name))
  }
  for (const name of dialect.required[operation] ?? []) {
    const value: unknown = Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined
    if (value === undefined || value === null) violations.push({ path: name, message: 'This member is required.' })
  }
  return { input, readOnly, violations }
}
