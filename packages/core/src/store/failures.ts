import { StoreError } from '../errors.js'
import type { TokenRecord } from '../types.js'

// The errors of stores. Every store throws them in the same words.

/** `ERR_CONFLICT`: an insert found the public part of the id taken, under this prefix or another. */
export function idTaken(publicPart: string): StoreError {
  return new StoreError('ERR_CONFLICT', `A token ${publicPart} exists already.`)
}

/** `ERR_CONFLICT`: an update or a removal found the record at another version than expected. */
export function versionConflict(id: string, actual: number, expected: number): StoreError {
  return new StoreError('ERR_CONFLICT', `Token ${id} is at version ${actual}, not ${expected}.`)
}

/** Throws `versionConflict` if the record is at another version. `undefined` expects none. */
export function assertVersion({ id, version }: TokenRecord, expected: number | undefined): void {
  if (expected !== undefined && version !== expected) throw versionConflict(id, version, expected)
}

/** `ERR_STORE`: an environment that is not there, and is not to be created. */
export function noEnvironment(name: string): StoreError {
  return storeUnavailable(
    `There is no environment ${name} in this store. Check both: a service makes it when it starts.`,
  )
}

/** `ERR_STORE`: a call after `close()`. */
export function storeClosed(): StoreError {
  return storeUnavailable('The store was closed.')
}

/** `ERR_STORE`: the store cannot answer. `cause` must not hold a hash. */
export function storeUnavailable(message: string, cause?: unknown): StoreError {
  return new StoreError('ERR_STORE', message, cause === undefined ? undefined : { cause })
}

const MAX_SENTENCE = 200

/**
 * `ERR_STORE` for an error of a driver, which may carry the whole statement with its values, and so hashes. Only two
 * things go on: the sentence, up to `end`, and `code`, which `causeCode` reads. A `StoreError` is returned as it is.
 */
export function driverFailure(database: string, error: unknown, code = 'CONNECTION', end = /\n/): StoreError {
  if (error instanceof StoreError) return error
  const sentence = messageOf(error).split(end, 1)[0]?.slice(0, MAX_SENTENCE) ?? ''
  return storeUnavailable(`${database}: ${sentence}`, Object.assign(new Error(sentence), { code }))
}

/** The `code` that `driverFailure` was given. */
export function causeCode(error: unknown): string | undefined {
  return error instanceof StoreError ? (error.cause as { code?: string } | undefined)?.code : undefined
}

/** Node's `AggregateError` of a refused connection has an empty message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return error.message || (first instanceof Error ? first.message : error.constructor.name)
}
