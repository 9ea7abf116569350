import { randomBytes } from 'node:crypto'
import {
  type Actor,
  compact,
  decodeRecord,
  type StoredSecret,
  type TokenId,
  type TokenRecord,
} from '@latchkey/core/store'

/**
 * A document is a header of 24 bytes that the scripts read, and JSON that they do not. The header: version (4 bytes,
 * big-endian), number (4), generations of the current and the previous secret (4 + 4), nonce of the write that made it
 * (8). The prefix is the first member of the JSON, because the script of `touch` compares it.
 */
export const HEADER_LENGTH = 24
const NO_GENERATION = 0xffffffff

export interface StoredDocument {
  /** Version and number, 8 bytes: what a write expects to find unchanged. */
  readonly head: Buffer
  /** The number of the token within its shard: its bit in the bitmaps. */
  readonly number: number
  readonly record: TokenRecord
}

type Secret = [hash: string, tag: string, until?: number | null, format?: string]

/** The names are short because Redis holds all documents in memory. */
interface Body {
  p: string // prefix
  n: string // name
  o: string // owner
  a?: 1 | undefined // personal access token
  d?: 1 | undefined // disabled
  s?: string[] | undefined // scopes
  w?: string[] | undefined // networks
  x?: string[] | undefined // resources
  m?: Record<string, unknown> | undefined // metadata
  c: number // created
  e?: number | undefined // expires
  f?: number | undefined // modified
  r?: number | undefined // rotated
  b?: Actor | undefined // created by
  g?: Actor | undefined // modified by
  k: Secret[] // secrets
  t?: string[] | undefined // tags of retired secrets
}

export function newNonce(): Buffer {
  return randomBytes(8)
}

/** The nonce in a document, or in its header alone. */
export function nonceOf(document: Buffer): Buffer {
  return document.subarray(16, HEADER_LENGTH)
}

export function versionOf(document: Buffer): number {
  return document.readUInt32BE(0)
}

export function numberOf(document: Buffer): number {
  return document.readUInt32BE(4)
}

/** How versions and numbers are stored. */
export function encodeUint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A document without version and number, which the scripts put in front. */
export function encodeDocument(record: TokenRecord, { prefix }: TokenId, nonce: Buffer): Buffer {
  const { secrets } = record
  if (secrets.length < 1 || secrets.length > 2) throw new TypeError('record.secrets must have one or two members')
  const body: Body = {
    p: prefix,
    n: record.name,
    o: record.owner,
    a: record.personal ? 1 : undefined,
    d: record.enabled ? undefined : 1,
    s: orAbsent(record.scopes),
    w: orAbsent(record.networks),
    x: orAbsent(record.resources),
    m: record.metadata,
    c: record.createdAt,
    e: record.expiresAt,
    f: record.modifiedAt,
    r: record.rotatedAt,
    b: record.createdBy,
    g: record.modifiedBy,
    k: secrets.map(encodeSecret),
    t: orAbsent(record.retired),
  }
  const header = Buffer.alloc(HEADER_LENGTH - 8)
  header.writeUInt32BE(secrets[0]?.gen ?? NO_GENERATION, 0)
  header.writeUInt32BE(secrets[1]?.gen ?? NO_GENERATION, 4)
  nonce.copy(header, 8)
  return Buffer.concat([header, Buffer.from(JSON.stringify(body))])
}

/** The stored document of a public part, with its last uses. A fresh copy with each call. Throws `DamagedRecord`. */
export function decodeDocument(publicPart: string, stored: Buffer, uses: Buffer | null): StoredDocument {
  const record = decodeRecord('Redis', publicPart, () => decode(publicPart, stored, uses))
  return { head: stored.subarray(0, 8), number: numberOf(stored), record }
}

function decode(publicPart: string, stored: Buffer, uses: Buffer | null): TokenRecord {
  const body = JSON.parse(stored.toString('utf8', HEADER_LENGTH)) as Body
  const generations = [stored.readUInt32BE(8), stored.readUInt32BE(12)]
  const record: TokenRecord = compact({
    id: `${body.p}.${publicPart}`,
    name: body.n,
    owner: body.o,
    personal: body.a === 1,
    enabled: body.d !== 1,
    scopes: body.s ?? [],
    networks: body.w ?? [],
    resources: body.x ?? [],
    metadata: body.m,
    version: versionOf(stored),
    createdAt: body.c,
    expiresAt: body.e,
    modifiedAt: body.f,
    rotatedAt: body.r,
    createdBy: body.b,
    modifiedBy: body.g,
    secrets: body.k.map(([hash, tag, until, format], i) =>
      compact({ gen: generations[i] ?? NO_GENERATION, hash, tag, until: until ?? undefined, format }),
    ),
    retired: body.t ?? [],
  })
  if (uses !== null) applyUses(record, uses.toString())
  return record
}

function encodeSecret({ hash, tag, until, format }: StoredSecret): Secret {
  if (format !== undefined) return [hash, tag, until ?? null, format]
  return until === undefined ? [hash, tag] : [hash, tag, until]
}

function orAbsent(texts: string[]): string[] | undefined {
  return texts.length > 0 ? texts : undefined
}

/**
 * Last uses as text, apart from the document. Each line is one use: of the token itself (`*`) or of the secret of a
 * generation, as `* 1763758816000 192.0.2.1` or `1 1763758816000 192.0.2.1`. `-` stands for no address. The script of
 * `touch` reads and writes the same text.
 */
export function encodeUses(record: TokenRecord): string {
  const lines = [encodeUse('*', record), ...record.secrets.map((secret) => encodeUse(String(secret.gen), secret))]
  return lines.filter((line) => line !== '').join('\n')
}

/** Sets the last uses in the record. Lines of generations that are gone are ignored. */
function applyUses(record: TokenRecord, text: string): void {
  for (const line of text.split('\n')) {
    const [key = '', at = '', address = '-'] = line.split(' ')
    const target = key === '*' ? record : record.secrets.find(({ gen }) => String(gen) === key)
    if (target === undefined) continue
    target.lastUsedAt = Number(at)
    if (address !== '-') target.lastUsedIp = address.includes('%') ? decodeURIComponent(address) : address
  }
}

/** The host's framework decides what an address looks like, so anything that would break the lines is escaped. */
export function encodeAddress(ip: string | undefined): string {
  if (ip === undefined || ip === '') return '-'
  if (/^[0-9A-Za-z.:]+$/.test(ip)) return ip
  // Through UTF-8, since a lone surrogate cannot be escaped.
  return encodeURIComponent(Buffer.from(ip).toString()).replaceAll('-', '%2D')
}

function encodeUse(key: string, { lastUsedAt, lastUsedIp }: { lastUsedAt?: number; lastUsedIp?: string }): string {
  return lastUsedAt === undefined ? '' : `${key} ${lastUsedAt} ${encodeAddress(lastUsedIp)}`
}
