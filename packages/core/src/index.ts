export {
  ERROR_TABLE,
  type ErrorCode,
  LatchkeyError,
  RequestError,
  StoreError,
  UnavailableError,
  type Violation,
} from './errors.js'
export { type MemoryData, memoryData, memoryStore } from './store/memory-store.js'
export type {
  ChangeEvent,
  ChangeListener,
  EnvironmentStore,
  ListFilter,
  ListPage,
  ListQuery,
  ListSort,
  SortKey,
  TokenPatch,
  TokenStore,
  Unwatch,
} from './store/token-store.js'
export type {
  ApiToken,
  Denial,
  DenialReason,
  StoredSecret,
  TokenRecord,
  TokenUse,
  Verdict,
  VerifyContext,
} from './types.js'
