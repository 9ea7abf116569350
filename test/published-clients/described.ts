import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Observed } from './exchange.js'

type Schema = Record<string, unknown>

export interface Operation {
  readonly operationId: string
  readonly security: readonly Record<string, readonly string[]>[]
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly required: boolean; readonly content: Content }
  readonly responses: Record<string, { readonly content?: Content }>
}

/** By media type. */
type Content = Readonly<Record<string, { readonly schema: Schema }>>

export interface Description {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, Schema>; readonly securitySchemes: Record<string, Schema> }
}

/** Compares what went over the wire with a description. Answers what does not agree; nothing, if all does. */
export function disagreements(description: Description): (observed: Observed) => readonly string[] {
  // Strict: an unknown keyword or format is a mistake of the description.
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true })
  ajv.addFormat('date-time', (text: string) => new Date(text).toJSON() === text)
  ajv.addKeyword('components')
  const compiled = new Map<Schema, ValidateFunction>()

  function wrong(what: string, schema: Schema, value: unknown): string[] {
    const known = compiled.get(schema)
    const validate = known ?? ajv.compile({ ...schema, components: description.components })
    compiled.set(schema, validate)
    return validate(value) ? [] : [`${what}: ${ajv.errorsText(validate.errors)}`]
  }

  return (observed) => {
    const { method, target, sent, status, headers, body } = observed
    const mediaType = headers.get('content-type')?.split(';')[0] ?? ''
    const { searchParams } = new URL(target, 'http://host')
    const operation = operationOf(description, observed)
    // It belongs to methods that a path does not have.
    if (status === 405 && operation === undefined) {
      return wrong('the refusal', { $ref: '#/components/schemas/Error' }, body)
    }
    if (operation === undefined) return ['the operation is not described']
    const response = operation.responses[status]
    if (response === undefined) return [`${status} is not described`]
    const found: string[] = []
    const schema = response.content?.[mediaType]?.schema
    if (response.content !== undefined && schema === undefined) return [`${status} is not described as ${mediaType}`]
    if (method !== 'HEAD') {
      if (schema !== undefined) found.push(...wrong('the answer', schema, body))
      else if (body !== undefined) found.push('the answer has a body')
    }
    if (status >= 300) return found
    // What was accepted must have been right by the description too.
    const asked = operation.requestBody?.content['application/json']?.schema
    if (sent !== undefined) found.push(...(asked ? wrong('the body', asked, sent) : ['the body is not described']))
    else if (operation.requestBody?.required === true) found.push('the body is missing')
    for (const [name, text] of searchParams) {
      const parameter = operation.parameters.find((each) => each.in === 'query' && each.name === name)
      const value = typed(parameter?.schema.type, text)
      found.push(
        ...(parameter ? wrong(`the parameter ${name}`, parameter.schema, value) : [`${name} is not described`]),
      )
    }
    return found
  }
}

/** A value of a query as its schema means it. */
function typed(type: unknown, text: string): unknown {
  if (type === 'integer') return Number(text)
  if (type === 'boolean') return text === 'true' || (text === 'false' ? false : text)
  return type === 'array' ? [text] : text
}

/** The operation that a request was for. Paths without parameters win. */
export function operationOf({ paths }: Description, { method, target }: Observed): Operation | undefined {
  const { pathname } = new URL(target, 'http://host')
  const given = pathname.split('/')
  const fits = (path: string) => {
    const pattern = path.split('/')
    return pattern.length === given.length && pattern.every((part, i) => part === '{id}' || part === given[i])
  }
  const path = paths[pathname] === undefined ? Object.keys(paths).find(fits) : pathname
  return path === undefined ? undefined : paths[path]?.[method === 'HEAD' ? 'get' : method.toLowerCase()]
}

/** The operations of a description, in its order. */
export function operationsOf({ paths }: Description): readonly Operation[] {
  return Object.values(paths).flatMap((item) => Object.values(item))
}
