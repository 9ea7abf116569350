/**
 * For authors of stores: the interface, and what all stores share. Loads no native module. The contract that every
 * store must pass is in `@latchkey/testkit`.
 */
export { compact } from './compact.js'
export { counted } from './counted.js'
export { isConflict, LatchkeyError, optionError, StoreError } from './errors.js'
export { assertKnownOptions, booleanOption, integerOption } from './option-checks.js'
export { chunksOf } from './store/batches.js'
export { beforeDeadline, type Deadline, deadlineIn, msLeft, retryUntil, TimeoutError } from './store/deadline.js'
export { assertEnvironmentName, openOnce } from './store/environments.js'
export {
  assertVersion,
  causeCode,
  driverFailure,
  idTaken,
  noEnvironment,
  storeClosed,
  storeUnavailable,
  versionConflict,
} from './store/failures.js'
export { matchesFilter } from './store/filter.js'
export { createListeners, type Listeners } from './store/listeners.js'
export { applyPatch, applyUse } from './store/patch.js'
export { DamagedRecord, decodeRecord, intactRecords, isTokenRecord } from './store/record-shape.js'
export { AFTER_ALL_TIMES, BEFORE_ALL_TIMES, compareRecords, compareSortValues, sortValue } from './store/sort.js'
export type {
  ChangeEvent,
  ChangeListener,
  EnvironmentStore,
  FindOptions,
  ListFilter,
  ListOptions,
  ListPage,
  ListQuery,
  ListSort,
  OpenOptions,
  SortKey,
  TimeRange,
  TokenPatch,
  TokenStore,
  Unwatch,
} from './store/token-store.js'
export { BASE32_ALPHABET } from './token/format.js'
export { parseTokenId, requireTokenId, type TokenId } from './token/id.js'
export type { Actor, StoredSecret, TokenRecord, TokenUse } from './types.js'
