import { StoreError } from '@latchkey/core/store'

/** No SQLSTATE begins with other letters, but codes of Node do, such as EPIPE. */
const SQLSTATE = /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/

/** Failures after which a statement may succeed when it is sent again. */
const PASSING = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '53300', // too_many_connections
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
])

/** Failures that behind an older PgBouncer mean that a statement was prepared on another connection. */
const NOT_PREPARED = new Set(['26000', '42P05'])

/** The SQLSTATE of an error of the server; undefined for all others, such as a lost connection. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && SQLSTATE.test(code) ? code : undefined
}

export function isPassing(error: unknown): boolean {
  const state = sqlState(error)
  return state === undefined || isConnectionFailure(state) || PASSING.has(state)
}

/** Whether the statement may have been carried out although it failed. */
export function isUncertain(error: unknown): boolean {
  const state = sqlState(error)
  return state === undefined || isConnectionFailure(state) || state === '57P01' || state === '57P02'
}

export function isNotPrepared(error: unknown): boolean {
  return NOT_PREPARED.has(sqlState(error) ?? '')
}

export function isMissingRight(error: unknown): boolean {
  return sqlState(causeOf(error)) === '42501'
}

/** Drivers' errors may carry the statement and its values, and so hashes. Only the sentence and the code go on. */
export function storeError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const sentence = messageOf(error).split('\n', 1)[0]?.slice(0, 200) ?? ''
  const cause = Object.assign(new Error(sentence), { code: sqlState(error) ?? 'CONNECTION' })
  return failure(`PostgreSQL: ${sentence}`, { cause })
}

export function failure(message: string, options?: { cause: unknown }): StoreError {
  return new StoreError('ERR_STORE', message, options)
}

function isConnectionFailure(state: string): boolean {
  return state.startsWith('08')
}

function causeOf(error: unknown): unknown {
  return error instanceof StoreError ? error.cause : error
}

/** Node's `AggregateError` of a refused connection has an empty message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return error.message || (first instanceof Error ? first.message : error.constructor.name)
}
