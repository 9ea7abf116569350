import { compact } from '../compact.js'
import type { StoredSecret, TokenRecord, TokenUse } from '../types.js'
import type { TokenPatch } from './token-store.js'

/**
 * The next version of a record. `null` removes an optional member. A secret whose generation remains keeps its last
 * use. The result may share members with the record and the patch.
 */
export function applyPatch(record: TokenRecord, patch: TokenPatch): TokenRecord {
  const { metadata, expiresAt, modifiedAt, modifiedBy, rotatedAt, secrets, ...replaced } = patch
  const next: TokenRecord = { ...record, ...replaced, version: record.version + 1 }
  if (secrets) next.secrets = secrets.map((secret) => keepLastUse(secret, record.secrets))
  setOrRemove(next, 'metadata', metadata)
  setOrRemove(next, 'expiresAt', expiresAt)
  setOrRemove(next, 'modifiedAt', modifiedAt)
  setOrRemove(next, 'modifiedBy', modifiedBy)
  setOrRemove(next, 'rotatedAt', rotatedAt)
  return next
}

/**
 * The record after a use: the last use of the token moves forward, and that of the secret if the record still has it.
 * An older use changes nothing.
 */
export function applyUse(record: TokenRecord, use: TokenUse): TokenRecord {
  const secrets = record.secrets.map((secret) => (secret.gen === use.gen ? withLastUse(secret, use) : secret))
  return withLastUse({ ...record, secrets }, use)
}

function withLastUse<T extends { lastUsedAt?: number; lastUsedIp?: string }>(target: T, { at, ip }: TokenUse): T {
  if (target.lastUsedAt !== undefined && target.lastUsedAt >= at) return target
  const moved = { ...target, lastUsedAt: at }
  if (ip === undefined) delete moved.lastUsedIp
  else moved.lastUsedIp = ip
  return moved
}

function keepLastUse({ gen, hash, tag, until, format }: StoredSecret, before: readonly StoredSecret[]): StoredSecret {
  const known = before.find((candidate) => candidate.gen === gen)
  return compact({ gen, hash, tag, until, format, lastUsedAt: known?.lastUsedAt, lastUsedIp: known?.lastUsedIp })
}

type Removable = 'metadata' | 'expiresAt' | 'modifiedAt' | 'modifiedBy' | 'rotatedAt'

function setOrRemove<K extends Removable>(record: Pick<TokenRecord, K>, key: K, value: TokenPatch[K]): void {
  if (value === null) delete record[key]
  else if (value !== undefined) Object.assign(record, { [key]: value })
}
