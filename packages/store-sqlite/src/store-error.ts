import { StoreError } from '@latchkey/core/store'
import { problemOf } from './problem.js'

/** What callers see of a problem on this thread. */
export function storeError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  const { code, message } = problemOf(error, path)
  return new StoreError(code, message, { cause: error })
}
