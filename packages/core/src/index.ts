/** For hosts. Authors of stores and adapters find more in `@latchkey/core/store` and `@latchkey/core/adapter`. */
export type { AuditAction, AuditEntry, ManagementOperation, OnAudit } from './audit-entry.js'
export {
  ERROR_TABLE,
  type ErrorCode,
  LatchkeyError,
  RequestError,
  StoreError,
  UnavailableError,
  type Violation,
} from './errors.js'
export type { LatchkeyEvents } from './events.js'
export type { ErrorFormName } from './http/dialects/all.js'
export type { DialectName } from './http/dialects/dialect.js'
export type { GuardDenial } from './http/refusal.js'
export type { Latchkey, Stats } from './instance.js'
export { createLatchkey } from './latchkey.js'
export type { Caller, OnBehalf } from './manage/caller.js'
export type { IssuedToken } from './manage/create.js'
export type { ImportOptions, ImportProgress, ImportResult, RejectedRow } from './manage/import.js'
export type { ImportRow } from './manage/import-row.js'
export type { CreateInput, RotateInput, Timeframe, UpdateInput } from './manage/inputs.js'
export type { TokenPage } from './manage/list.js'
export type { ListRequest, NextRequest, RequestedRange, TokenFilter } from './manage/list-request.js'
export type { RevokeAllOptions, RevokeProgress } from './manage/revoke-all.js'
export type {
  CacheOptions,
  CredentialSource,
  LastUsedOptions,
  LatchkeyOptions,
} from './options.js'
export { type Argon2idOptions, argon2id } from './secret/argon2id.js'
export type { Hasher } from './secret/hasher.js'
export { type HmacSha256Options, hmacSha256 } from './secret/hmac-sha256.js'
export { type CopyOptions, type CopyProgress, type CopyResult, copyTokens } from './store/copy.js'
export { type MemoryData, memoryData, memoryStore } from './store/memory-store.js'
export type { SortKey, TimeRange, TokenStore } from './store/token-store.js'
export type { ForeignFormat } from './token/foreign.js'
export { tokenPattern } from './token/format.js'
export type { Scanner } from './token/scan-rules.js'
export type {
  Actor,
  AllowedVerdict,
  ApiToken,
  CredentialDenialReason,
  Denial,
  DenialReason,
  DeniedVerdict,
  ManagementScopeNames,
  ManagementScopes,
  StandardManagementScopes,
  Verdict,
  VerifyContext,
} from './types.js'
export type { Check, ExplainRequest, Explanation } from './verify/explain.js'
export type { OwnerScopes } from './verify/owner-scopes.js'
