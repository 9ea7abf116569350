import type { ApiToken } from '../../types.js'
import { type JsonSchema, object } from './json-schema.js'

/** A member of a token as a dialect shows it: how it is described, and its value. `undefined` leaves it out. */
export interface Member {
  readonly schema: JsonSchema
  /** Whether every token has it. */
  readonly always: boolean
  of(token: ApiToken): unknown
}

/** A token's members by their wire names, in their order. */
export type Resource = Readonly<Record<string, Member>>

export function always(schema: JsonSchema, of: Member['of']): Member {
  return { schema, always: true, of }
}

export function maybe(schema: JsonSchema, of: Member['of']): Member {
  return { schema, always: false, of }
}

/** A token in a dialect's words: all of it, or the given fields. */
export function show(
  resource: Resource,
  token: ApiToken,
  fields: readonly string[] = Object.keys(resource),
): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const field of fields) {
    const value = resource[field]?.of(token)
    if (value !== undefined) shown[field] = value
  }
  return shown
}

/** The schema of a resource, with more members behind its own. */
export function resourceSchema(resource: Resource, more: Readonly<Record<string, JsonSchema>> = {}): JsonSchema {
  const members = Object.entries(resource)
  const properties = Object.fromEntries(members.map(([name, { schema }]) => [name, schema]))
  const required = members.flatMap(([name, member]) => (member.always ? [name] : []))
  return object({ ...properties, ...more }, [...required, ...Object.keys(more)])
}

/** `yyyy-MM-ddTHH:mm:ss.SSSZ`, always with three digits of fraction. */
export function iso(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString()
}
