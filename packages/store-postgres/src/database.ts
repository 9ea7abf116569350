import { createHash } from 'node:crypto'
import { type Deadline, driverFailure, msLeft, retryUntil, storeClosed } from '@latchkey/core/store'
import type { PostgresClient, PostgresRow, PostgresValue } from './client.js'

/** The tables of a schema, as they are written in statements, and the channel of its changes. */
export interface Schema {
  readonly name: string
  readonly environment: string
  readonly token: string
  readonly change: string
  readonly version: string
  readonly channel: string
}

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

/** A statement for any schema. Each connection prepares it once, under its name. */
export type Prepared = (schema: Schema) => { readonly text: string; readonly name: string }

export function prepared(build: (schema: Schema) => string): Prepared {
  const made = new WeakMap<Schema, ReturnType<Prepared>>()
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

export interface Answer {
  readonly rows: readonly PostgresRow[]
  /** The statement was sent more than once, and an earlier attempt may have been carried out. */
  readonly repeated: boolean
}

/** A client with deadlines and retries. Rejects with `StoreError`, or with the reason of the deadline's signal. */
export interface Database {
  readonly schema: Schema
  /** Sends the statement, again after failures that pass, until the deadline. A text is planned anew each time. */
  query(statement: Prepared | string, values: readonly PostgresValue[], deadline: Deadline): Promise<Answer>
  assertOpen(): void
  close(): void
}

export function createDatabase(client: PostgresClient, schema: Schema): Database {
  let closed = false
  let prepares = true

  function assertOpen(): void {
    if (closed) throw storeClosed()
  }

  /** Without its name, once a statement was found not to be prepared. */
  async function send(
    text: string,
    name: string | undefined,
    values: readonly PostgresValue[],
    deadline: Deadline,
  ): Promise<readonly PostgresRow[]> {
    assertOpen()
    // Rounded down, and a little less: the client must give up first, so that it sends nothing that was given up here.
    const timeout = Math.max(1, Math.floor(msLeft(deadline)) - 5)
    const usedName = prepares ? name : undefined
    try {
      return await client.query(text, values, { timeout, name: usedName })
    } catch (error) {
      if (usedName === undefined || !isNotPrepared(error)) throw error
      prepares = false
      return send(text, undefined, values, deadline)
    }
  }

  return {
    schema,
    async query(statement, values, deadline) {
      const { text, name } = typeof statement === 'function' ? statement(schema) : { text: statement, name: undefined }
      let repeated = false
      const mayPass = (error: unknown) => {
        repeated ||= isUncertain(error)
        return isPassing(error)
      }
      try {
        return { rows: await retryUntil(deadline, async () => send(text, name, values, deadline), mayPass), repeated }
      } catch (error) {
        deadline.signal?.throwIfAborted()
        throw driverFailure('PostgreSQL', error, sqlState(error))
      }
    },
    assertOpen,
    close() {
      closed = true
    },
  }
}

/** No SQLSTATE begins with other letters, but codes of Node do, such as EPIPE. */
const SQLSTATE = /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/

/** The SQLSTATE of an error of the server; undefined for all others, such as a lost connection. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && SQLSTATE.test(code) ? code : undefined
}

/** Failures after which a statement may succeed when it is sent again, beside lost connections. */
const PASSING = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '53300', // too_many_connections
  '57P03', // cannot_connect_now
])

function isPassing(error: unknown): boolean {
  return isUncertain(error) || PASSING.has(sqlState(error) ?? '')
}

/** A lost connection, admin_shutdown or crash_shutdown: the statement may have been carried out although it failed. */
function isUncertain(error: unknown): boolean {
  const state = sqlState(error)
  return state === undefined || state.startsWith('08') || state === '57P01' || state === '57P02'
}

/** Behind an older PgBouncer: the statement was prepared on another connection. */
function isNotPrepared(error: unknown): boolean {
  return ['26000', '42P05'].includes(sqlState(error) ?? '')
}
