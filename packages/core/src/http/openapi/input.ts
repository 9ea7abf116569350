import { z } from 'zod'
import type { OperationSchemas } from '../../manage/schemas.js'
import type { BodyOperation, Dialect, OperationName, RoutePattern } from '../dialects/dialect.js'
import { type JsonSchema, TEXT } from '../dialects/json-schema.js'
import { OPERATIONS } from '../routes.js'

/** The parameters of an operation, in its path and its query. */
export function describeParameters(dialect: Dialect, name: OperationName, { path }: RoutePattern): JsonSchema[] {
  const id = { name: 'id', in: 'path', required: true, schema: TEXT, description: "A token's id, or `self`." }
  return [...(path.includes('{id}') ? [id] : []), ...(name === 'list' ? listParameters(dialect) : [])]
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

/** The member `requestBody` of an operation, if it reads a body. */
export function describeRequestBody(
  dialect: Dialect,
  name: OperationName,
  schemas: OperationSchemas,
): { readonly requestBody?: JsonSchema } {
  const { body } = OPERATIONS[name]
  if (body === undefined) return {}
  const schema = bodySchema(dialect, name as BodyOperation, schemas)
  return { requestBody: { required: body === 'required', content: { 'application/json': { schema } } } }
}

/** The schema that validates the input, with the dialect's names for its members. */
function bodySchema(dialect: Dialect, name: BodyOperation, schemas: OperationSchemas): JsonSchema {
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
