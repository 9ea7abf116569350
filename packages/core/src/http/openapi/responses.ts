import type { Dialect, OperationName } from '../dialects/dialect.js'
import { COUNT, FLAG, type JsonSchema, list, object, TEXT, TEXTS, TIME } from '../dialects/json-schema.js'
import { OPERATION_ROUTES } from '../routes.js'

type Responses = Readonly<Record<string, JsonSchema>>

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

/** Operations that need the token to exist. */
const OF_ONE: readonly OperationName[] = ['get', 'lookup', 'update', 'delete', 'rotate', 'finish', 'cancel', 'explain']
/** Operations that can lose a race. */
const RACING: readonly OperationName[] = ['update', 'delete', 'revoke', 'rotate', 'finish', 'cancel']

const EXPLANATION = object({
  allowed: FLAG,
  checks: list(object({ check: TEXT, passed: FLAG, detail: TEXT })),
})

const REVOKED = object({ revoked: COUNT, remaining: COUNT })

const CAPABILITIES = object(
  {
    owner: TEXT,
    personal: FLAG,
    may: object({ read: FLAG, write: FLAG, admin: FLAG }),
    usesResources: FLAG,
    scopes: list(object({ scope: TEXT, description: TEXT })),
    networks: TEXTS,
    resources: TEXTS,
    expiresAt: TIME,
    maxLifetime: COUNT,
    maxOverlap: COUNT,
  },
  ['owner', 'personal', 'may', 'usesResources', 'scopes', 'networks', 'resources', 'maxOverlap'],
)

/** The answers of an operation by status. 405 is not among them: it belongs to methods that a path does not have. */
export function describeResponses(dialect: Dialect, name: OperationName): Responses {
  return { ...success(dialect, name), ...failures(dialect, name) }
}

function success(dialect: Dialect, name: OperationName): Responses {
  const token = { $ref: '#/components/schemas/Token' }
  const { listed, created, updated, rotated, ended } = dialect
  switch (name) {
    case 'list':
      return response(listed.status, listed.schema)
    case 'create':
      return response(created.status, created.schema)
    case 'update':
      return response(updated.status, updated.schema)
    case 'rotate':
      return response(rotated.status, rotated.schema)
    case 'finish':
    case 'cancel':
      return response(ended.status, ended.schema)
    case 'explain':
      return response(200, EXPLANATION)
    case 'revokeAll':
      return response(200, REVOKED)
    case 'capabilities':
      return response(200, CAPABILITIES)
    case 'get':
    case 'lookup':
      return response(200, token)
    case 'describe':
      return response(200, { type: 'object' })
    default:
      return response(204, undefined)
  }
}

function failures({ errors }: Dialect, name: OperationName): Responses {
  if (name === 'describe') return {}
  const { body } = OPERATION_ROUTES[name]
  const statuses = [
    ...[400, 401, 403, 503],
    ...(OF_ONE.includes(name) ? [404] : []),
    ...(RACING.includes(name) ? [409] : []),
    ...(body === undefined ? [] : [413, 415]),
  ]
  const error = { $ref: '#/components/schemas/Error' }
  return Object.assign({}, ...statuses.map((status) => response(status, error, errors.mediaType)))
}

function response(status: number, schema: JsonSchema | undefined, mediaType = 'application/json'): Responses {
  return {
    [status]: {
      description: ERRORS[status] ?? 'Done.',
      ...(schema !== undefined && { content: { [mediaType]: { schema } } }),
    },
  }
}
