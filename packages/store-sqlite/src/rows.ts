import type { StoredSecret, TokenRecord } from '@latchkey/core'
import type { Cell } from './database.js'
import { Problem } from './problem.js'

/** Never used, never modified: older than every time. */
export const NEVER = -1
/** Never expires: later than every time. */
export const FOREVER = Number.MAX_SAFE_INTEGER

/**
 * JSON of the `StoredRecord` of a token `t`. SQLite writes it: one cell is fetched sooner than many, and lists pass it on to
 * the host's thread as it is.
 */
export const RECORD_JSON = recordJson('o.name')
export const RECORD_JOINS = 'JOIN owner o ON o.owner = t.owner'
/** The same of an arrival `t`. */
export const ARRIVAL_JSON = recordJson('t.owner')

function recordJson(owner: string): string {
  return `'[' || json_array(t.prefix || '.' || t.public, t.name, ${owner}, t.personal, t.enabled,
    t.version, t.created, t.expires, t.modified, t.rotated, t.used, t.used_ip) || ',' || t.detail || ',' || t.uses || ']'`
}

/** The last use of a secret, as in the JSON of `token.uses`. */
export type SecretUse = [gen: number, at: number, ip: string | null]

/** A record as it crosses threads. */
export type StoredRecord = [columns: Cell[], detail: Detail, uses: SecretUse[]]

/** Lists, since objects with the names of their members take half as long again to parse. */
type Detail = [
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
export function readRecord([columns, detail, uses]: StoredRecord, share: Share): TokenRecord {
  const [id, name, owner, personal, enabled, version, created, expires, modified, rotated, used, usedIp] = columns
  const [scopes, networks, secrets, retired, metadata] = detail
  const record: TokenRecord = {
    id: String(id),
    name: plainText(String(name)),
    owner: share(plainText(String(owner))),
    personal: personal === 1,
    enabled: enabled === 1,
    scopes: scopes.map(share),
    networks: networks.map(share),
    version: Number(version),
    createdAt: Number(created),
    secrets: secrets.map(([gen, hash, tag, until]) => {
      const secret: StoredSecret = { gen, hash, tag }
      if (until !== undefined) secret.until = until
      const use = uses.find((candidate) => candidate[0] === gen)
      if (use) setLastUse(secret, use[1], use[2] === usedIp ? usedIp : use[2])
      return secret
    }),
    retired: retired.slice(),
  }
  if (metadata) record.metadata = metadata
  if (expires !== FOREVER) record.expiresAt = Number(expires)
  if (modified !== NEVER) record.modifiedAt = Number(modified)
  if (typeof rotated === 'number') record.rotatedAt = rotated
  setLastUse(record, Number(used), usedIp ?? null)
  return record
}

function setLastUse(target: { lastUsedAt?: number; lastUsedIp?: string }, at: number, ip: Cell): void {
  if (at === NEVER) return
  target.lastUsedAt = at
  if (typeof ip === 'string') target.lastUsedIp = ip
}

/** What of a record stands in `detail`. */
export function detailJson({ scopes, networks, metadata, secrets, retired }: TokenRecord): string {
  const detail: Detail = [
    scopes,
    networks,
    // Last uses stand in a column of their own, so that a touch reads and writes nothing else.
    secrets.map(({ gen, hash, tag, until }) => (until === undefined ? [gen, hash, tag] : [gen, hash, tag, until])),
    retired,
  ]
  if (metadata) detail.push(metadata)
  return JSON.stringify(detail)
}

/** `prefix` and `PUBLIC24` of an id. The public part is what must be unique. */
export function splitId(id: string): [prefix: string, publicPart: string] {
  const dot = id.lastIndexOf('.')
  return [id.slice(0, Math.max(dot, 0)), id.slice(dot + 1)]
}

const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * Text for a column: equal and in the same order as the text itself. The binding cuts text at NUL, so that is escaped.
 * UTF-8 has no lone surrogates: different ones would become the same, so they are refused.
 */
export function columnText(text: string): string {
  if (LONE_SURROGATE.test(text)) throw new Problem('A name, owner or scope holds a lone surrogate.')
  return text.replaceAll('\u0001', '\u0001\u0002').replaceAll('\0', '\u0001\u0001')
}

export function plainText(text: string): string {
  if (!text.includes('\u0001')) return text
  return text.replaceAll('\u0001\u0001', '\0').replaceAll('\u0001\u0002', '\u0001')
}
