import {
  applyPatch,
  idTaken,
  parseTokenId,
  requireTokenId,
  StoreError,
  type TokenId,
  type TokenPatch,
  type TokenRecord,
  versionConflict,
} from '@latchkey/core/store'
import type { Argument } from '../clients/client.js'
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
import { type Deadline, manageDeadline, msLeft } from '../connection.js'
import { entryArguments, type IndexEntry, indexChanges, indexEntries } from '../index-entries.js'
import type { ShardRef } from '../keys.js'
import { type Keyspace, shardOf } from '../keyspace.js'
import { rawId } from '../raw-id.js'
import { readDocuments } from '../read/documents.js'
import { CREATE, REMOVE, UPDATE } from '../scripts/change.js'
import type { Script } from '../scripts/script.js'
import { runWrite, type WriteReply } from './run-write.js'

// A reply can be lost after the write was done, and clients send such a call again. So each write leaves a nonce behind: a
// call that finds its own nonce has been done before, and succeeds.

/** The token that a change is about, and until when. */
export interface ChangeContext {
  readonly keyspace: Keyspace
  readonly shard: ShardRef
  readonly id: TokenId
  readonly deadline: Deadline
}

export async function insert(keyspace: Keyspace, record: TokenRecord): Promise<void> {
  const context = contextOf(keyspace, requireTokenId(record.id))
  const { shard, id } = context
  const nonce = newNonce()
  const change = `c${record.version}`
  const document = encodeDocument(record, id, nonce)
  const args = [encodeUint32(record.version), document, encodeUses(record), change]
  const { outcome, values } = await runChange(context, CREATE, [shard.live], args, indexEntries(shard, record))
  const [value] = values
  if (outcome === 'EXISTS' && !(value instanceof Buffer && value.equals(nonce))) throw idTaken(id.publicPart)
  await finishChange(context, change, outcome === 'OK' ? Number(value) : undefined)
}

export async function update(
  keyspace: Keyspace,
  tokenId: string,
  patch: TokenPatch,
  expectedVersion: number,
): Promise<TokenRecord | undefined> {
  const id = parseTokenId(tokenId)
  if (id === undefined) return undefined
  const context = contextOf(keyspace, id)
  const stored = await readStored(context, expectedVersion)
  if (stored === undefined) return undefined

  const { shard } = context
  const next = applyPatch(stored.record, patch)
  const nonce = newNonce()
  const change = `u${next.version}`
  const version = encodeUint32(next.version)
  const document = encodeDocument(next, id, nonce)
  const { added, removed } = indexChanges(shard, stored.record, next)
  const { outcome, values } = await runChange(
    context,
    UPDATE,
    [shard.tombstone(id.publicPart)],
    [stored.head, version, document, change, String(added.length)],
    [...added, ...removed],
  )
  if (outcome === 'GONE') return undefined
  const [value, uses] = values as [value: number | Buffer, uses: Buffer]
  if (value instanceof Buffer && !nonceOf(value).equals(nonce)) {
    throw versionConflict(tokenId, versionOf(value), expectedVersion)
  }
  await finishChange(context, change, outcome === 'OK' ? Number(value) : undefined)
  // A touch may have come after the document was read.
  const whole = Buffer.concat([version, stored.head.subarray(4), document])
  return decodeDocument(id.publicPart, whole, uses).record
}

export async function remove(keyspace: Keyspace, tokenId: string, expectedVersion?: number): Promise<boolean> {
  const id = parseTokenId(tokenId)
  if (id === undefined) return false
  const context = contextOf(keyspace, id)
  const nonce = newNonce()
  for (;;) {
    const stored = await readStored(context, expectedVersion)
    if (stored === undefined) return false
    const outcome = await removeStored(context, stored, nonce)
    if (outcome !== 'CONFLICT') return outcome === 'OK'
    // Somebody changed it meanwhile: again, with the new version.
  }
}

/** Removes exactly the document that was read. */
export async function removeStored(
  context: ChangeContext,
  { head, record }: StoredDocument,
  nonce: Buffer,
): Promise<'OK' | 'GONE' | 'CONFLICT'> {
  const { shard, id } = context
  const keys = [shard.tombstone(id.publicPart), shard.live]
  const { outcome, values } = await runChange(context, REMOVE, keys, [head, nonce], indexEntries(shard, record))
  if (outcome === 'OK') await finishChange(context, 'd0', Number(values[0]) || undefined)
  return outcome === 'OK' || outcome === 'GONE' ? outcome : 'CONFLICT'
}

export function contextOf(keyspace: Keyspace, id: TokenId): ChangeContext {
  keyspace.connection.assertOpen()
  return { keyspace, shard: shardOf(keyspace, id.publicPart), id, deadline: manageDeadline(keyspace.settings) }
}

/** The document as a change needs it, however old. Rejects with `ERR_CONFLICT` at another version than expected. */
async function readStored(
  { keyspace, shard, id, deadline }: ChangeContext,
  expectedVersion: number | undefined,
): Promise<StoredDocument | undefined> {
  const [stored] = await readDocuments(keyspace, shard, [id.publicPart], deadline)
  if (stored?.record.id !== idText(id)) return undefined
  const { version } = stored.record
  if (expectedVersion !== undefined && version !== expectedVersion) {
    throw versionConflict(idText(id), version, expectedVersion)
  }
  return stored
}

/** Runs a script that begins with `CHANGE_PRELUDE` and ends with index entries. */
async function runChange(
  { keyspace, shard, id, deadline }: ChangeContext,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
  entries: readonly IndexEntry[],
): Promise<WriteReply> {
  const { publicPart } = id
  return runWrite(
    keyspace,
    script,
    [
      ...[shard.meta, shard.lock, shard.seq, shard.log, shard.document(publicPart), shard.uses(publicPart)],
      ...keys,
      ...entries.map(({ key }) => key),
    ],
    [keyspace.channel, String(shard.index), idText(id), rawId(publicPart), ...args, ...entryArguments(entries)],
    deadline,
  )
}

/** Remembers a change and, if asked to, waits for a replica. `seq` is unknown if an earlier call did the change. */
async function finishChange(
  { keyspace, shard, id, deadline }: ChangeContext,
  change: string,
  seq: number | undefined,
): Promise<void> {
  const { settings, staleness, connection } = keyspace
  staleness.record(shard.index, id.publicPart, change, seq ?? staleness.latestSeq(shard.index))
  if (settings.durability === 'master') return
  const timeout = Math.max(1, Math.min(settings.replicaTimeout, Math.floor(msLeft(deadline))))
  const replicas = await connection.wait(shard.meta, timeout, deadline)
  if (replicas < 1) {
    throw new StoreError(
      'ERR_STORE',
      `The change of ${id.publicPart} was applied, but no replica has it within ${timeout} ms.`,
    )
  }
}

function idText({ prefix, publicPart }: TokenId): string {
  return `${prefix}.${publicPart}`
}
