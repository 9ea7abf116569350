import type { StoredSecret, TokenPatch, TokenRecord } from '@latchkey/core/store'

/** The next version of a record: `null` drops a member, secrets keep the last use of the generations that remain. */
export function patchRecord(record: TokenRecord, patch: TokenPatch): TokenRecord {
  const { metadata, expiresAt, modifiedAt, rotatedAt, secrets, ...replaced } = patch
  const next: TokenRecord = { ...record, ...replaced, version: record.version + 1 }
  if (secrets)
    next.secrets = secrets.map(({ gen, hash, tag, until }) => {
      const secret: StoredSecret = until === undefined ? { gen, hash, tag } : { gen, hash, tag, until }
      const { lastUsedAt, lastUsedIp } = record.secrets.find((known) => known.gen === gen) ?? {}
      if (lastUsedAt !== undefined) secret.lastUsedAt = lastUsedAt
      if (lastUsedIp !== undefined) secret.lastUsedIp = lastUsedIp
      return secret
    })
  assign(next, 'metadata', metadata)
  assign(next, 'expiresAt', expiresAt)
  assign(next, 'modifiedAt', modifiedAt)
  assign(next, 'rotatedAt', rotatedAt)
  return next
}

type Optional = 'metadata' | 'expiresAt' | 'modifiedAt' | 'rotatedAt'

function assign<K extends Optional>(record: Pick<TokenRecord, K>, member: K, value: TokenPatch[K]): void {
  if (value === null) delete record[member]
  else if (value !== undefined) Object.assign(record, { [member]: value })
}
