import { AFTER_ALL_TIMES, BEFORE_ALL_TIMES, type StoredSecret, type TokenRecord } from '@latchkey/core/store'
import type { PostgresRow, PostgresValue } from './client.js'
import { failure } from './errors.js'

/** What a row has in columns of its own. All other members of a record are in the column `record`. */
type ColumnMember =
  | 'id'
  | 'version'
  | 'name'
  | 'owner'
  | 'personal'
  | 'enabled'
  | 'createdAt'
  | 'expiresAt'
  | 'modifiedAt'
  | 'lastUsedAt'
  | 'lastUsedIp'
  | 'scopes'

/** When and from where the token, and each generation of its secrets, was last used. */
type Uses = Record<'token' | number, Use>
/** `NEVER_USED`, or epoch milliseconds and, if it is known, the address. */
type Use = readonly [at: number, ip?: string]

const NEVER_USED: Use = [BEFORE_ALL_TIMES]

/** The columns that every write of a record sets, with the types that their parameters have. */
const RECORD_COLUMNS = {
  version: 'int',
  name: 'text',
  owner: 'text',
  personal: 'boolean',
  enabled: 'boolean',
  created: 'bigint',
  expires: 'bigint',
  modified: 'bigint',
  scopes: 'text::text[]',
  record: 'text',
} as const

export const COLUMN_NAMES = Object.keys(RECORD_COLUMNS).join(', ')
export const COLUMN_COUNT = Object.keys(RECORD_COLUMNS).length

/** The parameters of `columnValues`, from `$first` on. */
export function columnParameters(first: number): string {
  return Object.values(RECORD_COLUMNS)
    .map((type, i) => `$${first + i}::${type}`)
    .join(', ')
}

/** The values of `RECORD_COLUMNS`. */
export function columnValues(record: TokenRecord): PostgresValue[] {
  const { version, name, owner, personal, enabled, createdAt, expiresAt, modifiedAt, scopes } = record
  return [
    version,
    name,
    owner,
    personal,
    enabled,
    createdAt,
    expiresAt ?? AFTER_ALL_TIMES,
    modifiedAt ?? BEFORE_ALL_TIMES,
    textArray(scopes),
    encodeRest(record),
  ]
}

/** What is selected of `token t` to be decoded. */
export const SELECTED = `t.prefix || '.' || t.public as id, t.version, t.name, t.owner, t.personal, t.enabled, t.created,
  t.expires, t.modified, to_json(t.scopes)::text as scopes, t.uses::text as uses, t.record`

/** Throws a `StoreError` for a row that is damaged. */
export function decodeRow(row: PostgresRow): TokenRecord {
  const expiresAt = Number(row.expires)
  const modifiedAt = Number(row.modified)
  try {
    const record: TokenRecord = {
      ...(JSON.parse(String(row.record)) as Omit<TokenRecord, ColumnMember>),
      id: String(row.id),
      version: Number(row.version),
      name: String(row.name),
      owner: String(row.owner),
      personal: row.personal === true,
      enabled: row.enabled === true,
      scopes: JSON.parse(String(row.scopes)) as string[],
      createdAt: Number(row.created),
      ...(expiresAt !== AFTER_ALL_TIMES && { expiresAt }),
      ...(modifiedAt !== BEFORE_ALL_TIMES && { modifiedAt }),
    }
    return withUses(record, String(row.uses))
  } catch {
    // The parser's own message would quote the text, and so hashes.
    throw failure(`PostgreSQL: the row of ${String(row.id)} is damaged`)
  }
}

/** The record with the last uses that the column `uses` holds, whatever it says itself. */
export function withUses(record: TokenRecord, text: string): TokenRecord {
  const uses = JSON.parse(text) as Uses
  return {
    ...withoutUse(record),
    ...lastUse(uses.token),
    secrets: record.secrets.map((secret) => ({ ...withoutUse(secret), ...lastUse(uses[secret.gen] ?? NEVER_USED) })),
  }
}

/** The column `uses`: an entry for the token and for each of its secrets, used or not. */
export function encodeUses(record: TokenRecord): string {
  const uses: Uses = { token: useOf(record) }
  for (const secret of record.secrets) uses[secret.gen] = useOf(secret)
  return JSON.stringify(uses)
}

/** An array as PostgreSQL reads it from text. Drivers differ in how they send arrays. */
export function textArray(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}

function encodeRest(record: TokenRecord): string {
  const { id, version, name, owner, personal, enabled, createdAt, expiresAt, modifiedAt, scopes, ...rest } =
    withoutUse(record)
  return JSON.stringify({ ...rest, secrets: record.secrets.map(withoutUse) })
}

function withoutUse<T extends Partial<StoredSecret>>({ lastUsedAt, lastUsedIp, ...rest }: T) {
  return rest
}

function useOf({ lastUsedAt, lastUsedIp }: { lastUsedAt?: number; lastUsedIp?: string }): Use {
  if (lastUsedAt === undefined) return NEVER_USED
  return lastUsedIp === undefined ? [lastUsedAt] : [lastUsedAt, lastUsedIp]
}

function lastUse([at, ip]: Use): { lastUsedAt?: number; lastUsedIp?: string } {
  if (at === BEFORE_ALL_TIMES) return {}
  return ip === undefined ? { lastUsedAt: at } : { lastUsedAt: at, lastUsedIp: ip }
}
