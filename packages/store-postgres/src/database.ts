import { storeClosed } from '@latchkey/core/store'
import type { PostgresClient, PostgresRow, PostgresValue } from './client.js'
import { failure, isNotPrepared, isPassing, isUncertain, storeError } from './errors.js'
import type { Schema, Statement, StatementFor } from './schema.js'

/** The end of one operation, however many statements and attempts it takes. */
export interface Deadline {
  /** `performance.now()` at the end. */
  readonly end: number
  readonly ms: number
}

export interface Answer {
  readonly rows: readonly PostgresRow[]
  /** The statement was sent more than once, and an earlier attempt may have been carried out. */
  readonly repeated: boolean
}

/** A client with deadlines and retries. Rejects with `StoreError` only. */
export interface Database {
  readonly schema: Schema
  /** Sends the statement, again after failures that pass, until the deadline. */
  query(statement: StatementFor | Statement, values: readonly PostgresValue[], deadline: Deadline): Promise<Answer>
  assertOpen(): void
  close(): void
}

const MIN_PAUSE_MS = 4
const MAX_PAUSE_MS = 200

export function deadlineIn(ms: number): Deadline {
  return { end: performance.now() + ms, ms }
}

export function createDatabase(client: PostgresClient, schema: Schema): Database {
  let closed = false
  let prepares = true

  function assertOpen(): void {
    if (closed) throw storeClosed()
  }

  /** Prepares the statement, until that fails for once: statements go on without names then. */
  async function attempt(
    { text, name }: Statement,
    values: readonly PostgresValue[],
    deadline: Deadline,
  ): Promise<readonly PostgresRow[]> {
    const timeout = Math.max(1, Math.ceil(deadline.end - performance.now()))
    if (!prepares || name === undefined) return within(deadline, client.query(text, values, { timeout }))
    try {
      return await within(deadline, client.query(text, values, { name, timeout }))
    } catch (error) {
      if (!isNotPrepared(error)) throw error
      prepares = false
      return attempt({ text }, values, deadline)
    }
  }

  return {
    schema,
    async query(statement, values, deadline) {
      const known = typeof statement === 'function' ? statement(schema) : statement
      let repeated = false
      for (let pause = MIN_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
        assertOpen()
        try {
          return { rows: await attempt(known, values, deadline), repeated }
        } catch (error) {
          const wait = pause * (0.5 + Math.random())
          if (!isPassing(error) || performance.now() + wait >= deadline.end) throw storeError(error)
          repeated ||= isUncertain(error)
          await new Promise((resolve) => setTimeout(resolve, wait))
        }
      }
    },
    assertOpen,
    close() {
      closed = true
    },
  }
}

/** The adapter may wait longer than it was asked to. */
async function within<T>({ end, ms }: Deadline, answer: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const overdue = () => reject(failure(`PostgreSQL: no answer within ${ms} ms`))
    // One turn later: after a blocked event loop, an answer that is already there comes first.
    const timer = setTimeout(() => setImmediate(overdue), end - performance.now())
    answer.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
