import type { Latchkey } from '../../instance.js'
import { internalsOf } from '../../internals.js'
import { neededScopes } from '../../manage/authority.js'
import type { CredentialSource } from '../../options.js'
import type { Dialect, OperationName, RoutePattern } from '../dialects/dialect.js'
import type { JsonSchema } from '../dialects/json-schema.js'
import { resourceSchema } from '../dialects/resource.js'
import type { RoutesSettings } from '../options.js'
import { exemptionOf, OPERATION_ROUTES } from '../routes.js'
import { describeParameters, describeRequestBody } from './input.js'
import { describeResponses } from './responses.js'

const SUMMARIES: Readonly<Record<OperationName, string>> = {
  list: 'Lists tokens, page by page.',
  create: 'Creates a token. Its value is in this answer alone.',
  lookup: 'Shows the token whose value is presented.',
  revoke: 'Deletes the token whose value is presented.',
  revokeAll: 'Deletes tokens that match, up to 1,000 of them. Repeat until it deletes none.',
  get: 'Shows a token.',
  update: 'Changes a token. What is absent stays.',
  delete: 'Deletes a token for good.',
  rotate: 'Gives a token a new value.',
  finish: 'Ends a rotation: the previous value stops working now.',
  cancel: 'Takes a rotation back: the new value stops working now.',
  explain: 'Explains why a token is let in or refused.',
  capabilities: 'Says who the caller is, and what it may do and grant.',
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

/** One operation of a path. */
type Operation = JsonSchema & { readonly operationId: OperationName; readonly description?: string }
/** By method. */
type PathItem = Readonly<Record<string, Operation>>
type PathItems = Readonly<Record<string, PathItem>>

/** By path relative to the mount. Anybody may ask for the description, and making these takes milliseconds. */
const knownItems = new WeakMap<Latchkey, Map<Dialect, PathItems>>()

/**
 * The OpenAPI 3.1 description of one mounted router, made from the schemas that validate its input. With `sessionOnly`
 * it names no security, since that is the host's. What a token may do to itself is described only where `self` allows
 * it.
 */
export function describeRoutes(
  latchkey: Latchkey,
  dialect: Dialect,
  mount: string,
  rules: Pick<RoutesSettings, 'sessionOnly' | 'self'>,
): JsonSchema {
  const { settings } = internalsOf(latchkey)
  const items = Object.entries(pathItemsOf(latchkey, dialect))
  return {
    openapi: '3.1.0',
    info: { title: 'API tokens', version: '1' },
    paths: Object.fromEntries(
      items.map(([path, item]) => [`${mount}${path}`.replace(/(?<=.)\/$/, ''), underRules(item, rules)]),
    ),
    components: {
      schemas: { Token: resourceSchema(dialect.resource), Error: dialect.errors.schema },
      ...(!rules.sessionOnly && {
        securitySchemes: Object.fromEntries(
          settings.credentials.map((source) => [SECURITY[source].name, SECURITY[source].scheme]),
        ),
      }),
    },
  }
}

const EXEMPTION = ' A token needs no scope to do this to itself.'

/** The operations of one path, as one router allows them. */
function underRules(item: PathItem, { sessionOnly, self }: Pick<RoutesSettings, 'sessionOnly' | 'self'>): JsonSchema {
  return Object.fromEntries(
    Object.entries(item).map(([method, operation]) => {
      const { operationId, description, security } = operation
      const isExempt = !sessionOnly && exemptionOf(operationId, self) !== undefined
      const text = isExempt || description === undefined ? description : description.replace(EXEMPTION, '')
      return [method, { ...operation, description: text, security: sessionOnly ? undefined : security }]
    }),
  )
}

function pathItemsOf(latchkey: Latchkey, dialect: Dialect): PathItems {
  const byDialect = knownItems.get(latchkey) ?? new Map<Dialect, PathItems>()
  knownItems.set(latchkey, byDialect)
  const items = byDialect.get(dialect) ?? describePaths(latchkey, dialect)
  byDialect.set(dialect, items)
  return items
}

function describePaths(latchkey: Latchkey, dialect: Dialect): PathItems {
  const items: Record<string, Record<string, Operation>> = {}
  for (const [name, route] of Object.entries(dialect.routes) as [OperationName, RoutePattern][]) {
    const item = items[route.path] ?? {}
    items[route.path] = item
    item[route.method.toLowerCase()] = describeOperation(latchkey, dialect, name, route)
  }
  return items
}

function describeOperation(latchkey: Latchkey, dialect: Dialect, name: OperationName, route: RoutePattern): Operation {
  const { settings, context } = internalsOf(latchkey)
  const { exempt } = OPERATION_ROUTES[name]
  const scopes = name === 'describe' ? [] : neededScopes(name, settings.managementScopes)
  const exemption = exempt === undefined ? '' : EXEMPTION
  return {
    operationId: name,
    summary: SUMMARIES[name],
    ...(scopes.length > 0 && { description: `Needs the scope \`${scopes.join(', ')}\`.${exemption}` }),
    security: name === 'describe' ? [] : settings.credentials.map((source) => ({ [SECURITY[source].name]: scopes })),
    parameters: describeParameters(dialect, name, route),
    ...describeRequestBody(dialect, name, context.schemas),
    responses: describeResponses(dialect, name),
  }
}
