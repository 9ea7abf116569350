import { randomBytes } from 'node:crypto'
import type { StoredSecret, TokenRecord } from '@latchkey/core/store'
import type { TokenId } from './token-id.js'
import { applyUses } from './uses.js'

/**
 * A document is 24 bytes that the scripts read, and JSON that they do not:
 * version (4, big-endian), number (4), generations of the current and the previous secret (4 + 4), nonce of the write
 * that made it (8). The prefix is the first member of the JSON, because `touch` compares it.
 */
const HEADER = 24
const NO_GENERATION = 0xffffffff

export interface StoredDocument {
  /** Version and number, 8 bytes: what a write expects to find unchanged. */
  head: Buffer
  /** The dense number of the token within its shard. */
  number: number
  nonce: Buffer
  record: TokenRecord
}

type Secret = [hash: string, tag: string, until?: number | undefined]

interface Body {
  /** prefix */
  p: string
  /** name */
  n: string
  /** owner */
  o: string
  /** personal access token */
  a?: 1
  /** disabled */
  d?: 1
  /** scopes, in one string where none is empty or has a blank in it */
  s?: string | string[]
  /** networks */
  w?: string[]
  /** metadata */
  m?: Record<string, unknown>
  /** times: created, expires, modified, rotated */
  c: number
  e?: number
  f?: number
  r?: number
  /** secrets; the usual only one, without an end, stands by itself */
  k: Secret[] | [hash: string, tag: string]
  /** tags of retired secrets */
  t?: string[]
}

export function newNonce(): Buffer {
  return randomBytes(8)
}

export function encodeVersion(version: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(version)
  return bytes
}

/** The document behind its version and number, which the scripts put in front. Last uses are not part of it. */
export function encodeDocument(record: TokenRecord, { prefix }: TokenId, nonce: Buffer): Buffer {
  const { secrets } = record
  if (secrets.length < 1 || secrets.length > 2) throw new TypeError('record.secrets must have one or two members')
  const body: Body = {
    p: prefix,
    n: record.name,
    o: record.owner,
    ...(record.personal ? { a: 1 } : {}),
    ...(record.enabled ? {} : { d: 1 }),
    ...(record.scopes.length > 0 ? { s: joined(record.scopes) } : {}),
    ...(record.networks.length > 0 ? { w: record.networks } : {}),
    ...(record.metadata === undefined ? {} : { m: record.metadata }),
    c: record.createdAt,
    ...(record.expiresAt === undefined ? {} : { e: record.expiresAt }),
    ...(record.modifiedAt === undefined ? {} : { f: record.modifiedAt }),
    ...(record.rotatedAt === undefined ? {} : { r: record.rotatedAt }),
    k: encodeSecrets(secrets),
    ...(record.retired.length > 0 ? { t: record.retired } : {}),
  }
  const header = Buffer.alloc(HEADER - 8)
  header.writeUInt32BE(secrets[0]?.gen ?? NO_GENERATION, 0)
  header.writeUInt32BE(secrets[1]?.gen ?? NO_GENERATION, 4)
  nonce.copy(header, 8)
  return Buffer.concat([header, Buffer.from(JSON.stringify(body))])
}

/** The stored document of a public part, with its last uses. A fresh copy with each call. */
export function decodeDocument(publicPart: string, stored: Buffer, uses: Buffer | null): StoredDocument {
  const body = JSON.parse(stored.toString('utf8', HEADER)) as Body
  const generations = [stored.readUInt32BE(8), stored.readUInt32BE(12)]
  const record: TokenRecord = {
    id: `${body.p}.${publicPart}`,
    name: body.n,
    owner: body.o,
    personal: body.a === 1,
    enabled: body.d !== 1,
    scopes: typeof body.s === 'string' ? body.s.split(' ') : (body.s ?? []),
    networks: body.w ?? [],
    version: stored.readUInt32BE(0),
    createdAt: body.c,
    secrets: (isAlone(body.k) ? [body.k] : body.k).map(([hash, tag, until], i): StoredSecret => {
      const secret: StoredSecret = { gen: generations[i] ?? NO_GENERATION, hash, tag }
      if (until !== undefined) secret.until = until
      return secret
    }),
    retired: body.t ?? [],
  }
  if (body.m !== undefined) record.metadata = body.m
  if (body.e !== undefined) record.expiresAt = body.e
  if (body.f !== undefined) record.modifiedAt = body.f
  if (body.r !== undefined) record.rotatedAt = body.r
  if (uses !== null) applyUses(record, uses.toString())
  return { head: stored.subarray(0, 8), number: stored.readUInt32BE(4), nonce: stored.subarray(16, HEADER), record }
}

/** Two characters less for each: a token has several, and there are many tokens. */
function joined(scopes: string[]): string | string[] {
  return scopes.every((scope) => scope !== '' && !scope.includes(' ')) ? scopes.join(' ') : scopes
}

function encodeSecrets(secrets: readonly StoredSecret[]): Body['k'] {
  const [only, ...others] = secrets.map(
    ({ hash, tag, until }): Secret => (until === undefined ? [hash, tag] : [hash, tag, until]),
  )
  if (only === undefined) return []
  return others.length === 0 && only[2] === undefined ? [only[0], only[1]] : [only, ...others]
}

function isAlone(secrets: Body['k']): secrets is [hash: string, tag: string] {
  return typeof secrets[0] === 'string'
}
