import type { StoredSecret, TokenRecord, TokenUse } from '../types.js'
import type { TokenPatch } from './token-store.js'

/**
 * The next version of a record. `null` drops an optional member, and secrets keep the last use of the generations that
 * remain. The result may share members with the record and the patch.
 */
export function applyPatch(record: TokenRecord, patch: TokenPatch): TokenRecord {
  const { metadata, expiresAt, modifiedAt, rotatedAt, secrets, ...replaced } = patch
  const next: TokenRecord = { ...record, ...replaced, version: record.version + 1 }
  if (secrets) next.secrets = secrets.map((secret) => keepLastUse(secret, record.secrets))
  setOrDrop(next, 'metadata', metadata)
  setOrDrop(next, 'expiresAt', expiresAt)
  setOrDrop(next, 'modifiedAt', modifiedAt)
  setOrDrop(next, 'rotatedAt', rotatedAt)
  return next
}

/** The record with the last use of the token, and of the used secret if the token still has it, moved forward. */
export function applyUse(record: TokenRecord, use: TokenUse): TokenRecord {
  const secrets = record.secrets.map((secret) => (secret.gen === use.gen ? movedForward(secret, use) : secret))
  return movedForward({ ...record, secrets }, use)
}

function movedForward<T extends { lastUsedAt?: number; lastUsedIp?: string }>(target: T, { at, ip }: TokenUse): T {
  if (target.lastUsedAt !== undefined && target.lastUsedAt >= at) return target
  const moved = { ...target, lastUsedAt: at }
  if (ip === undefined) delete moved.lastUsedIp
  else moved.lastUsedIp = ip
  return moved
}

function keepLastUse({ gen, hash, tag, until }: StoredSecret, before: readonly StoredSecret[]): StoredSecret {
  const secret: StoredSecret = until === undefined ? { gen, hash, tag } : { gen, hash, tag, until }
  const known = before.find((candidate) => candidate.gen === gen)
  if (known?.lastUsedAt !== undefined) secret.lastUsedAt = known.lastUsedAt
  if (known?.lastUsedIp !== undefined) secret.lastUsedIp = known.lastUsedIp
  return secret
}

type Droppable = 'metadata' | 'expiresAt' | 'modifiedAt' | 'rotatedAt'

function setOrDrop<K extends Droppable>(record: Pick<TokenRecord, K>, key: K, value: TokenPatch[K]): void {
  if (value === null) delete record[key]
  else if (value !== undefined) Object.assign(record, { [key]: value })
}
