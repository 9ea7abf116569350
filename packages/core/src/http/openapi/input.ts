import { z } from 'zod'
import type { InputSchemas } from '../../manage/schemas.js'
import { mediaTypesOf } from '../body.js'
import {
  type BodyOperation,
  type Dialect,
  type OperationName,
  type RoutePattern,
  schemaOf,
} from '../dialects/dialect.js'
import { type JsonSchema, TEXT } from '../dialects/json-schema.js'
import { OPERATION_ROUTES } from '../routes.js'

/** The parameters of an operation, in its path and its query. */
export function describeParameters(dialect: Dialect, name: OperationName, { path }: RoutePattern): JsonSchema[] {
  const id = { name: 'id', in: 'path', required: true, schema: TEXT, description: "A token's id, or `self`." }
  return [...(path.includes('{id}') ? [id] : []), ...(name === 'list' ? listParameters(dialect) : [])]
}

function listParameters({ list, resource }: Dialect): JsonSchema[] {
  const { cursor, limit, limits, filters, fields, sort } = list
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
    ...Object.entries(filters).map(([name, { schema, description, repeats }]) => ({
      name,
      in: 'query',
      description,
      schema: repeats ? { type: 'array', items: schema } : schema,
    })),
    ...text(fields, `Which of ${Object.keys(resource).join(', ')} are shown; \`+x\` adds, \`-x\` removes.`),
    ...text(sort?.name, `One of ${keys.join(', ')}, with + or - in front.`),
  ]
}

/** The member `requestBody` of an operation, if it reads a body. */
export function describeRequestBody(
  dialect: Dialect,
  name: OperationName,
  schemas: InputSchemas,
): { readonly requestBody?: JsonSchema } {
  const { body } = OPERATION_ROUTES[name]
  if (body === undefined) return {}
  const schema = bodySchema(dialect, name as BodyOperation, schemas)
  const content = Object.fromEntries(mediaTypesOf(dialect, name as BodyOperation).map((type) => [type, { schema }]))
  return { requestBody: { required: body === 'required', content } }
}

/** The schema that validates the input, with the dialect's names for its members. */
function bodySchema(dialect: Dialect, name: BodyOperation, schemas: InputSchemas): JsonSchema {
  const input = z.toJSONSchema(schemaOf(schemas, dialect, name), { io: 'input', unrepresentable: 'any' })
  const members = Object.entries(dialect.members[name] ?? {})
  const needed = members.filter(([, member]) => input.required?.includes(member)).map(([wire]) => wire)
  const unchangeable = name === 'update' ? dialect.readOnly : []
  const ignored = [...(dialect.ignored[name] ?? []), ...unchangeable].map((wire) => [wire, { readOnly: true }])
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
