import { z } from 'zod'
import { internalsOf, type Latchkey } from '../instance.js'
import type { CredentialSource } from '../options.js'
import type { BodyOperation, Dialect, OperationName, RoutePattern } from './dialects/dialect.js'
import { type JsonSchema, TEXT } from './dialects/json-schema.js'
import { resourceSchema } from './dialects/resource.js'
import { OPERATIONS } from './routes.js'

const SUMMARIES: Readonly<Record<OperationName, string>> = {
  list: 'Lists tokens, page by page.',
  create: 'Creates a token. Its value is in this answer alone.',
  lookup: 'Shows the token whose value is presented.',
  revoke: 'Deletes the token whose value is presented.',
  get: 'Shows a token.',
  update: 'Changes a token. What is absent stays.',
  delete: 'Deletes a token for good.',
  rotate: 'Gives a token a new value.',
  finish: 'Ends a rotation: the previous value dies now.',
  cancel: 'Takes a rotation back: the new value dies now.',
  describe: 'Describes these routes.',
}

const SECURITY: Readonly<Record<CredentialSource, { readonly name: string; readonly scheme: JsonSchema }>> = {
  bearer: { name: 'bearer', scheme: { type: 'http', scheme: 'bearer' } },
  'api-token': {
    name: 'apiToken',
    scheme: { type: 'apiKey', in: 'header', name: 'Authorization', description: '`Api-Token` and the token.' },
  },
  'x-api-key': { name: 'apiKey', scheme: { type: 'apiKey', in: 'header', name: 'X-API-Key' } },
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'The request breaks rules; nothing was changed.',
  401: 'No valid token.',
  403: 'The caller may not do this.',
  404: 'There is no such token.',
  409: 'Somebody else changed the token first.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  503: 'The tokens cannot be reached at the moment.',
}

/** Path items by path, relative to the mount. They cost milliseconds, and hang on nothing but instance and dialect. */
const described = new WeakMap<Latchkey, Map<Dialect, Readonly<Record<string, JsonSchema>>>>()

/** The OpenAPI 3.1 description of one mounted router, from the definitions that validate its input. */
export function describeRoutes(latchkey: Latchkey, dialect: Dialect, mount: string): JsonSchema {
  const { settings } = internalsOf(latchkey)
  const known = described.get(latchkey) ?? new Map<Dialect, Readonly<Record<string, JsonSchema>>>()
  described.set(latchkey, known)
  const items = known.get(dialect) ?? pathItems(latchkey, dialect)
  known.set(dialect, items)
  return {
    openapi: '3.1.0',
    info: { title: 'API tokens', version: '1' },
    paths: Object.fromEntries(
      Object.entries(items).map(([path, item]) => [`${mount}${path}`.replace(/(?<=.)\/$/, ''), item]),
    ),
    components: {
      schemas: { Token: resourceSchema(dialect.resource), Error: dialect.errorSchema },
      securitySchemes: Object.fromEntries(
        settings.credentials.map((source) => [SECURITY[source].name, SECURITY[source].scheme]),
      ),
    },
  }
}

function pathItems(latchkey: Latchkey, dialect: Dialect): Readonly<Record<string, JsonSchema>> {
  const items: Record<string, Record<string, unknown>> = {}
  for (const [name, route] of Object.entries(dialect.routes) as [OperationName, RoutePattern][]) {
    const item = items[route.path] ?? {}
    items[route.path] = item
    item[route.method.toLowerCase()] = operation(latchkey, dialect, name, route)
  }
  return items
}

function operation(latchkey: Latchkey, dialect: Dialect, name: OperationName, route: RoutePattern): JsonSchema {
  const { settings } = internalsOf(latchkey)
  const { needs, free, body } = OPERATIONS[name]
  const scopes = needs === 'read' || needs === 'write' ? [settings.managementScopes[needs]] : []
  const exempt = free === undefined ? '' : ' A token needs no scope to do this to itself.'
  return {
    operationId: name,
    summary: SUMMARIES[name],
    ...(scopes.length > 0 && { description: `Needs the scope \`${scopes.join(', ')}\`.${exempt}` }),
    security: needs === 'nothing' ? [] : settings.credentials.map((source) => ({ [SECURITY[source].name]: scopes })),
    parameters: [...pathParameters(route), ...(name === 'list' ? listParameters(dialect) : [])],
    ...(body !== undefined && { requestBody: requestBody(latchkey, dialect, name, body === 'required') }),
    responses: { ...success(dialect, name), ...failures(name) },
  }
}

function pathParameters({ path }: RoutePattern): JsonSchema[] {
  if (!path.includes('{id}')) return []
  return [{ name: 'id', in: 'path', required: true, schema: TEXT, description: "A token's id, or `self`." }]
}

function listParameters({ list, resource }: Dialect): JsonSchema[] {
  const { cursor, limit, limits, selector, fields, from, to, sort } = list
  const text = (name: string | undefined, description: string) =>
    name === undefined ? [] : [{ name, in: 'query', schema: TEXT, description }]
  const keys = Object.keys(sort?.keys ?? {})
  return [
    ...text(cursor, 'Where the previous page says that the next one begins.'),
    {
      name: limit,
      in: 'query',
      schema: { type: 'integer', minimum: limits.min, maximum: limits.max, default: limits.standard },
    },
    ...text(selector, 'Criteria joined by commas: `owner("x")`, `personalAccessToken(true)`, `scope("a","b")`.'),
    ...text(fields, `Which of ${Object.keys(resource).join(', ')} are shown; \`+x\` adds, \`-x\` removes.`),
    ...text(from, 'Used at this time or later.'),
    ...text(to, 'Used at this time or earlier.'),
    ...text(sort?.name, `One of ${keys.join(', ')}, with + or - in front.`),
  ]
}

function requestBody(latchkey: Latchkey, dialect: Dialect, name: OperationName, required: boolean): JsonSchema {
  const schema = bodySchema(latchkey, dialect, name as BodyOperation)
  return { required, content: { 'application/json': { schema } } }
}

/** The schema that validates the input, with the dialect's names for its members. */
function bodySchema(latchkey: Latchkey, dialect: Dialect, name: BodyOperation): JsonSchema {
  const { schemas } = internalsOf(latchkey).context
  const input = z.toJSONSchema(schemas[name], { io: 'input', unrepresentable: 'any' })
  const members = Object.entries(dialect.members[name] ?? {})
  const needed = members.filter(([, member]) => input.required?.includes(member)).map(([wire]) => wire)
  const ignored = (dialect.ignored[name] ?? []).map((wire) => [wire, { readOnly: true }])
  return {
    type: 'object',
    properties: Object.fromEntries([
      ...members.map(([wire, member]) => [wire, input.properties?.[member] ?? {}]),
      ...ignored,
    ]),
    required: [...needed, ...(dialect.required[name] ?? [])],
    additionalProperties: false,
  }
}

function success(dialect: Dialect, name: OperationName): Readonly<Record<string, JsonSchema>> {
  const token = { $ref: '#/components/schemas/Token' }
  const { listed, created, updated, rotated } = dialect
  switch (name) {
    case 'list':
      return answer(listed.status, listed.schema)
    case 'create':
      return answer(created.status, created.schema)
    case 'update':
      return answer(updated.status, updated.schema)
    case 'rotate':
      return answer(rotated.status, rotated.schema)
    case 'get':
    case 'lookup':
      return answer(200, token)
    case 'describe':
      return answer(200, { type: 'object' })
    default:
      return answer(204, undefined)
  }
}

/** 405 is not among them: it belongs to methods that a path does not have. */
function failures(name: OperationName): Readonly<Record<string, JsonSchema>> {
  const { needs, body } = OPERATIONS[name]
  if (needs === 'nothing') return {}
  const statuses = [
    ...[400, 401, 403, 503],
    ...(OF_ONE.includes(name) ? [404] : []),
    ...(RACING.includes(name) ? [409] : []),
    ...(body === undefined ? [] : [413, 415]),
  ]
  const error = { $ref: '#/components/schemas/Error' }
  return Object.assign({}, ...statuses.map((status) => answer(status, error)))
}

/** Those that there must be a token for. */
const OF_ONE: readonly OperationName[] = ['get', 'lookup', 'update', 'delete', 'rotate', 'finish', 'cancel']
/** Those that somebody else may beat. */
const RACING: readonly OperationName[] = ['update', 'delete', 'revoke', 'rotate', 'finish', 'cancel']

function answer(status: number, schema: JsonSchema | undefined): Readonly<Record<string, JsonSchema>> {
  return {
    [status]: {
      description: ERRORS[status] ?? 'Done.',
      ...(schema !== undefined && { content: { 'application/json': { schema } } }),
    },
  }
}
