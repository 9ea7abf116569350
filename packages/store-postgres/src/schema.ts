import { createHash } from 'node:crypto'

/** The tables of a schema, as they are written in statements, and the channel of its changes. */
export interface Schema {
  readonly name: string
  readonly environment: string
  readonly token: string
  readonly change: string
  readonly version: string
  readonly channel: string
}

/** One statement of SQL. */
export interface Statement {
  readonly text: string
  /** Prepared under this name. */
  readonly name?: string
}

/** A statement for any schema. */
export type StatementFor = (schema: Schema) => Statement

export function schemaNamed(name: string): Schema {
  const table = (table: string) => `"${name}".${table}`
  return {
    name,
    environment: table('environment'),
    token: table('token'),
    change: table('change'),
    version: table('schema_version'),
    channel: `latchkey_${name}`,
  }
}

/** A statement that each connection prepares once. */
export function prepared(build: (schema: Schema) => string): StatementFor {
  const made = new WeakMap<Schema, Statement>()
  return (schema) => {
    let statement = made.get(schema)
    if (statement === undefined) {
      const text = build(schema)
      // A pooler may hand over a connection on which another version of the store has prepared its statements.
      statement = { text, name: `latchkey_${createHash('sha256').update(text).digest('hex').slice(0, 16)}` }
      made.set(schema, statement)
    }
    return statement
  }
}
