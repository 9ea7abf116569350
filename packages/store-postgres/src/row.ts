import {
  AFTER_ALL_TIMES,
  BEFORE_ALL_TIMES,
  compact,
  decodeRecord,
  type StoredSecret,
  sortValue,
  type TokenRecord,
} from '@latchkey/core/store'
import type { PostgresRow, PostgresValue } from './client.js'

/** The columns that every write of a record sets: name, type of the parameter, and value. */
const COLUMNS: readonly [name: string, type: string, read: (record: TokenRecord) => PostgresValue][] = [
  ['version', 'int', ({ version }) => version],
  ['name', 'text', ({ name }) => name],
  ['owner', 'text', ({ owner }) => owner],
  ['personal', 'boolean', ({ personal }) => personal],
  ['enabled', 'boolean', ({ enabled }) => enabled],
  ['created', 'bigint', ({ createdAt }) => createdAt],
  ['expires', 'bigint', (record) => sortValue(record, 'expiresAt')],
  ['modified', 'bigint', (record) => sortValue(record, 'modifiedAt')],
  ['scopes', 'text::text[]', ({ scopes }) => textArray(scopes)],
  ['record', 'text', encodeRest],
]

export const COLUMN_NAMES = COLUMNS.map(([name]) => name).join(', ')
export const COLUMN_COUNT = COLUMNS.length

/** The parameters of `columnValues`, from `$first` on. */
export function columnParameters(first: number): string {
  return COLUMNS.map(([, type], i) => `$${first + i}::${type}`).join(', ')
}

export function columnValues(record: TokenRecord): PostgresValue[] {
  return COLUMNS.map(([, , read]) => read(record))
}

/** What is selected of `token t` to be decoded. */
export const SELECTED = `t.prefix || '.' || t.public as id, t.version, t.name, t.owner, t.personal, t.enabled, t.created,
  t.expires, t.modified, to_json(t.scopes)::text as scopes, t.uses::text as uses, t.record`

/** Throws `DamagedRecord`. */
export function decodeRow(row: PostgresRow): TokenRecord {
  return decodeRecord('PostgreSQL', String(row.id), () => {
    const [expires, modified] = [Number(row.expires), Number(row.modified)]
    const columns = compact({
      id: String(row.id),
      version: Number(row.version),
      name: String(row.name),
      owner: String(row.owner),
      personal: row.personal === true,
      enabled: row.enabled === true,
      scopes: JSON.parse(String(row.scopes)) as string[],
      createdAt: Number(row.created),
      expiresAt: expires === AFTER_ALL_TIMES ? undefined : expires,
      modifiedAt: modified === BEFORE_ALL_TIMES ? undefined : modified,
    })
    return withUses({ ...(JSON.parse(String(row.record)) as Rest), ...columns }, String(row.uses))
  })
}

/** What the column `record` holds: all members that have no column. */
type Rest = Pick<
  TokenRecord,
  'createdBy' | 'modifiedBy' | 'networks' | 'resources' | 'metadata' | 'rotatedAt' | 'secrets' | 'retired'
>

function encodeRest(record: TokenRecord): string {
  const { id, version, name, owner, personal, enabled, createdAt, expiresAt, modifiedAt, scopes, ...rest } =
    withoutUse(record)
  return JSON.stringify({ ...rest, secrets: record.secrets.map(withoutUse) } satisfies Rest)
}

/** An array as PostgreSQL reads it from text. Drivers differ in how they send arrays. */
export function textArray(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
}

/** When and from where the token, and each generation of its secrets, was last used. */
type Uses = Record<'token' | number, Use>
/** `NEVER_USED`, or epoch milliseconds and, if it is known, the address. */
export type Use = [at: number, ip?: string]

const NEVER_USED: Use = [BEFORE_ALL_TIMES]

type LastUse = Pick<StoredSecret, 'lastUsedAt' | 'lastUsedIp'>

/** The column `uses`: an entry for the token and for each of its secrets, used or not. */
export function encodeUses(record: TokenRecord): string {
  const uses: Uses = { token: useOf(record) }
  for (const secret of record.secrets) uses[secret.gen] = useOf(secret)
  return JSON.stringify(uses)
}

/** The record with the last uses that the column `uses` holds, whatever it says itself. */
export function withUses(record: TokenRecord, text: string): TokenRecord {
  const uses = JSON.parse(text) as Uses
  const secrets = record.secrets.map((secret) => withUse(secret, uses[secret.gen]))
  return { ...withUse(record, uses.token), secrets }
}

function withUse<T extends LastUse>(target: T, [at, ip]: Use = NEVER_USED) {
  return { ...withoutUse(target), ...(at !== BEFORE_ALL_TIMES && compact({ lastUsedAt: at, lastUsedIp: ip })) }
}

function withoutUse<T extends LastUse>({ lastUsedAt, lastUsedIp, ...rest }: T) {
  return rest
}

function useOf({ lastUsedAt, lastUsedIp }: LastUse): Use {
  return lastUsedAt === undefined ? NEVER_USED : toUse(lastUsedAt, lastUsedIp)
}

export function toUse(at: number, ip: string | undefined): Use {
  return ip === undefined ? [at] : [at, ip]
}
