import type { StoredSecret, TokenRecord } from '@latchkey/core/store'
import { Problem } from './problem.js'

/** Never used, never modified: older than every time. */
export const NEVER = -1
/** Never expires: later than every time. */
export const FOREVER = Number.MAX_SAFE_INTEGER

const DAY = 86_400_000
/** The day of a last use: what indexes hold of it that need not change with every use. `NEVER` remains so. */
export function dayOf(used: number): number {
  return used < 0 ? NEVER : Math.floor(used / DAY)
}

/** The same of the column `used`. */
export const DAY_OF_USE = `CASE WHEN used < 0 THEN ${NEVER} ELSE used / ${DAY} END`

/**
 * JSON of the `StoredRecord` of a token or an arrival `t`. It is kept as JSON: one cell is fetched sooner than many, and lists
 * pass it on to the host's thread as it is.
 */
export const RECORD_JSON = `'[' || t.detail || ',' || t.used || ',' || t.uses || ']'`

/** What is said of one that cannot be read. */
export const UNREADABLE = 'a stored record cannot be read; restore the file from a backup.'

/** A record as it crosses threads. What touches change stands by itself, so that they read and write nothing else. */
export type StoredRecord = [detail: Detail, used: number, uses: Uses]

/** The address of the last use of the token, and then the last use of each secret that it has now. */
export type Uses = [ip: string | null, ...secrets: SecretUse[]]
export type SecretUse = [gen: number, at: number, ip: string | null]

/** Lists, since objects with the names of their members take half as long again to parse. */
type Detail = [
  id: string,
  name: string,
  owner: string,
  personal: boolean,
  enabled: boolean,
  version: number,
  created: number,
  expires: number | null,
  modified: number | null,
  rotated: number | null,
  scopes: string[],
  networks: string[],
  secrets: [gen: number, hash: string, tag: string, until?: number][],
  retired: string[],
  metadata?: TokenRecord['metadata'],
]

/** Gives the same string for equal ones: what records of a page have in common is then kept once. */
export type Share = (text: string) => string

export function createShare(): Share {
  const known = new Map<string, string>()
  return (text) => {
    const first = known.get(text)
    if (first !== undefined) return first
    known.set(text, text)
    return text
  }
}

/** Keeps nothing of the parsed arrays and objects: they die young, and only what a record needs lives on. */
export function readRecord([detail, used, uses]: StoredRecord, share: Share): TokenRecord {
  const [id, name, owner, personal, enabled, version, createdAt, expires, modified, rotated, ...lists] = detail
  const [scopes, networks, secrets, retired, metadata] = lists
  const [usedIp, ...usesOfSecrets] = uses
  const record: TokenRecord = {
    id,
    name,
    owner: share(owner),
    personal,
    enabled,
    scopes: scopes.map(share),
    networks: networks.map(share),
    version,
    createdAt,
    secrets: secrets.map(([gen, hash, tag, until]) => {
      const secret: StoredSecret = { gen, hash, tag }
      if (until !== undefined) secret.until = until
      const use = usesOfSecrets.find((candidate) => candidate[0] === gen)
      if (use) setLastUse(secret, use[1], use[2] === usedIp ? usedIp : use[2])
      return secret
    }),
    retired: retired.slice(),
  }
  if (metadata) record.metadata = metadata
  if (expires !== null) record.expiresAt = expires
  if (modified !== null) record.modifiedAt = modified
  if (rotated !== null) record.rotatedAt = rotated
  setLastUse(record, used, usedIp)
  return record
}

function setLastUse(target: { lastUsedAt?: number; lastUsedIp?: string }, at: number, ip: string | null): void {
  if (at === NEVER) return
  target.lastUsedAt = at
  if (ip !== null) target.lastUsedIp = ip
}

/** Of a record all but its last uses. */
export function detailJson(record: TokenRecord): string {
  const { id, name, owner, personal, enabled, version, createdAt, scopes, networks, secrets, retired } = record
  const { expiresAt = null, modifiedAt = null, rotatedAt = null, metadata } = record
  const detail: Detail = [
    id,
    name,
    owner,
    personal,
    enabled,
    version,
    createdAt,
    expiresAt,
    modifiedAt,
    rotatedAt,
    scopes,
    networks,
    secrets.map(detailOf),
    retired,
  ]
  if (metadata) detail.push(metadata)
  return JSON.stringify(detail)
}

function detailOf({ gen, hash, tag, until }: StoredSecret): Detail[12][number] {
  return until === undefined ? [gen, hash, tag] : [gen, hash, tag, until]
}

/** The last uses of a record. */
export function usesJson({ secrets, lastUsedIp }: TokenRecord): string {
  const uses: Uses = [lastUsedIp ?? null]
  for (const secret of secrets) uses.push([secret.gen, secret.lastUsedAt ?? NEVER, secret.lastUsedIp ?? null])
  return JSON.stringify(uses)
}

/** `prefix` and `PUBLIC24` of an id. The public part is what must be unique. */
export function splitId(id: string): [prefix: string, publicPart: string] {
  const dot = id.lastIndexOf('.')
  return [id.slice(0, Math.max(dot, 0)), id.slice(dot + 1)]
}

/**
 * Text for a column: equal and in the same order as the text itself. The binding cuts text at NUL, so that is escaped.
 * UTF-8 has no lone surrogates: different ones would become the same, so they are refused.
 */
export function columnText(text: string): string {
  if (!text.isWellFormed()) throw new Problem('A name, owner or scope holds a lone surrogate.')
  if (!text.includes('\0') && !text.includes('\u0001')) return text
  return text.replaceAll('\u0001', '\u0001\u0002').replaceAll('\0', '\u0001\u0001')
}

export function plainText(text: string): string {
  if (!text.includes('\u0001')) return text
  return text.replaceAll('\u0001\u0001', '\0').replaceAll('\u0001\u0002', '\u0001')
}
