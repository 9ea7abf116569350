import {
  applyPatch,
  assertVersion,
  DamagedRecord,
  idTaken,
  parseTokenId,
  requireTokenId,
  type TokenPatch,
  type TokenRecord,
  versionConflict,
} from '@latchkey/core/store'
import {
  decodeDocument,
  encodeDocument,
  encodeUint32,
  encodeUses,
  newNonce,
  nonceOf,
  type StoredDocument,
  versionOf,
} from '../codec.js'
import { type IndexEntry, indexChanges, indexEntries } from '../index-entries.js'
import type { Keyspace } from '../keyspace.js'
import { scanKeys, send } from '../operate/server.js'
import { readDocuments } from '../read/documents.js'
import { CREATE, REMOVE, UPDATE } from '../scripts/write-token.js'
import { finishTokenWrite, idText, runTokenWrite, type TokenWrite, tokenWrite } from './run-write.js'

// A reply can be lost after the write was done, and clients send such a call again. So each write leaves a nonce
// behind: a call that finds its own nonce has been done before, and succeeds.

export async function insert(keyspace: Keyspace, record: TokenRecord): Promise<void> {
  const write = tokenWrite(keyspace, requireTokenId(record.id))
  const { shard, id } = write
  const nonce = newNonce()
  const operation = `c${record.version}`
  const args = [encodeUint32(record.version), encodeDocument(record, id, nonce), encodeUses(record), operation]
  const { outcome, values } = await runTokenWrite(write, CREATE, [shard.live], args, indexEntries(shard, record))
  const [value] = values
  if (outcome === 'EXISTS' && !(value instanceof Buffer && value.equals(nonce))) throw idTaken(id.publicPart)
  await finishTokenWrite(write, operation, outcome === 'OK' ? Number(value) : undefined)
}

export async function update(
  keyspace: Keyspace,
  tokenId: string,
  patch: TokenPatch,
  expectedVersion: number,
): Promise<TokenRecord | undefined> {
  const id = parseTokenId(tokenId)
  if (id === undefined) return undefined
  const write = tokenWrite(keyspace, id)
  const stored = await readStored(write, expectedVersion)
  if (stored === undefined) return undefined

  const { shard } = write
  const next = applyPatch(stored.record, patch)
  const nonce = newNonce()
  const operation = `u${next.version}`
  const version = encodeUint32(next.version)
  const document = encodeDocument(next, id, nonce)
  const { added, removed } = indexChanges(shard, stored.record, next)
  const { outcome, values } = await runTokenWrite(
    write,
    UPDATE,
    [shard.tombstone(id.publicPart)],
    [stored.head, version, document, operation, String(added.length)],
    [...added, ...removed],
  )
  if (outcome === 'GONE') return undefined
  const [value, uses] = values as [value: number | Buffer, uses: Buffer]
  if (value instanceof Buffer && !nonceOf(value).equals(nonce)) {
    throw versionConflict(tokenId, versionOf(value), expectedVersion)
  }
  await finishTokenWrite(write, operation, outcome === 'OK' ? Number(value) : undefined)
  // A touch may have come after the document was read.
  const whole = Buffer.concat([version, stored.head.subarray(4), document])
  return decodeDocument(id.publicPart, whole, uses).record
}

export async function remove(keyspace: Keyspace, tokenId: string, expectedVersion?: number): Promise<boolean> {
  const id = parseTokenId(tokenId)
  if (id === undefined) return false
  const write = tokenWrite(keyspace, id)
  const nonce = newNonce()
  for (;;) {
    const outcome = await removeOnce(write, expectedVersion, nonce)
    if (outcome !== 'CONFLICT') return outcome === 'OK'
    // Somebody changed it meanwhile: again, with the new version.
  }
}

type Removal = 'OK' | 'GONE' | 'CONFLICT'

async function removeOnce(write: TokenWrite, expectedVersion: number | undefined, nonce: Buffer): Promise<Removal> {
  try {
    const stored = await readStored(write, expectedVersion)
    return stored === undefined ? 'GONE' : await removeStored(write, stored, nonce)
  } catch (error) {
    if (!(error instanceof DamagedRecord) || expectedVersion !== undefined) throw error
    return removeDamaged(write, nonce)
  }
}

/** Removes exactly the document that was read. */
export async function removeStored(
  write: TokenWrite,
  { head, record }: StoredDocument,
  nonce: Buffer,
): Promise<Removal> {
  return removeDocument(write, head, indexEntries(write.shard, record), nonce)
}

/**
 * Removes a document that cannot be decoded. Its name and owner are not known, so their entries stay until `rebuild()`:
 * lists skip them. Its bits go from all bitmaps, since the next token gets its number.
 */
async function removeDamaged(write: TokenWrite, nonce: Buffer): Promise<Removal> {
  const { keyspace, shard, id } = write
  const head = (await send(keyspace, 'GETRANGE', shard.document(id.publicPart), '0', '7')) as Buffer
  const bitmaps = (await scanKeys(keyspace, shard, 'b:')).map((end) => ({ key: `${shard.base}b:${end}` }))
  const sorted = [shard.created, shard.used, shard.expires, shard.modified].map((key) => ({ key, score: 0 }))
  return removeDocument(write, head, [...sorted, ...bitmaps], nonce)
}

async function removeDocument(
  write: TokenWrite,
  head: Buffer,
  entries: readonly IndexEntry[],
  nonce: Buffer,
): Promise<Removal> {
  const { shard, id } = write
  const keys = [shard.tombstone(id.publicPart), shard.live]
  const { outcome, values } = await runTokenWrite(write, REMOVE, keys, [head, nonce], entries)
  if (outcome === 'OK') await finishTokenWrite(write, 'd0', Number(values[0]) || undefined)
  return outcome === 'OK' || outcome === 'GONE' ? outcome : 'CONFLICT'
}

/** The document as a write needs it, however old. Rejects with `ERR_CONFLICT` at another version than expected. */
async function readStored(write: TokenWrite, expectedVersion: number | undefined): Promise<StoredDocument | undefined> {
  const { keyspace, shard, id, deadline } = write
  const [stored] = await readDocuments(keyspace, shard, [id.publicPart], deadline)
  if (stored instanceof DamagedRecord) throw stored
  if (stored?.record.id !== idText(write)) return undefined
  assertVersion(stored.record, expectedVersion)
  return stored
}
