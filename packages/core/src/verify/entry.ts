import { StoreError } from '../errors.js'
import type { Subject } from '../policy/evaluate.js'
import type { ScopeSet } from '../policy/scopes.js'
import { isActive, publicView } from '../token/record.js'
import type { AllowedVerdict, ApiToken, StoredSecret, TokenRecord } from '../types.js'
import type { Moment } from './clock.js'
import type { Compiler } from './compiler.js'

/** A record as it was read from the store, compiled for verification. */
export interface Entry extends Subject {
  readonly token: ApiToken
  /** What every successful verification returns. */
  readonly allowed: AllowedVerdict
  /** When the read of the record began. */
  readonly readAt: Moment
  /** Whether the cache holds this entry. Only then an invalidation reaches it. */
  isCached: boolean
  /** The current secret, then the previous one during an overlap. */
  readonly secrets: readonly StoredSecret[]
  /** Tags of retired secrets. */
  readonly retired: readonly string[]
  readonly version: number
}

/** One empty list for all: most tokens never had another secret. */
const NONE: readonly string[] = []

/** Throws a `StoreError` for a record without a secret. */
export function createEntry(
  record: TokenRecord,
  ownerScopes: ScopeSet | 'unknown' | undefined,
  readAt: Moment,
  compiler: Compiler,
): Entry {
  if (record.secrets.length === 0) {
    throw new StoreError('ERR_STORE', `The stored token ${record.id} has no secret`)
  }
  const scopes = compiler.scopes(record.scopes)
  const networks = compiler.networks(record.networks)
  const resources = compiler.resources(record.resources)
  const shared = { scopes: scopes.list, networks: networks.list, resources: resources.list }
  const token = publicView({ ...record, ...shared }, readAt.host)
  return {
    token,
    allowed: Object.freeze({ ok: true, token }),
    readAt,
    isCached: false,
    enabled: record.enabled,
    expiresAt: record.expiresAt,
    scopes: scopes.compiled,
    networks: networks.compiled,
    resources: resources.compiled,
    ownerScopes,
    secrets: record.secrets,
    retired: record.retired.length === 0 ? NONE : record.retired,
    version: record.version,
  }
}

/** The active secret with this tag. One in 2^32 wrong secrets has the same tag: only the hash tells them apart. */
export function secretWithTag({ secrets }: Entry, tag: string, now: number): StoredSecret | undefined {
  return secrets.find((secret) => secret.tag === tag && isActive(secret, now))
}

/** The active secret of a foreign format with this tag, or with none: then only the hash tells. */
export function foreignSecret({ secrets }: Entry, tag: string, now: number): StoredSecret | undefined {
  return secrets.find(
    (secret) => secret.format !== undefined && (secret.tag === tag || secret.tag === '') && isActive(secret, now),
  )
}

/** Whether the tag is that of a retired or expired secret of this token. */
export function isRetiredTag({ secrets, retired }: Entry, tag: string, now: number): boolean {
  return retired.includes(tag) || secrets.some((secret) => secret.tag === tag && !isActive(secret, now))
}
