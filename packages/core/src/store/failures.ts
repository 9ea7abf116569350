import { StoreError } from '../errors.js'

// The errors that every store throws in the same words.

/** `ERR_CONFLICT`: an insert found the public part of the id taken, under this prefix or another. */
export function idTaken(publicPart: string): StoreError {
  return new StoreError('ERR_CONFLICT', `A token ${publicPart} exists already.`)
}

/** `ERR_CONFLICT`: an update or a removal found the record at another version than expected. */
export function versionConflict(id: string, actual: number, expected: number): StoreError {
  return new StoreError('ERR_CONFLICT', `Token ${id} is at version ${actual}, not ${expected}.`)
}

/** `ERR_STORE`: a call after `close()`. */
export function storeClosed(): StoreError {
  return new StoreError('ERR_STORE', 'The store was closed.')
}
