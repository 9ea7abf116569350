import { StoreError, type TokenPatch, type TokenRecord } from '@latchkey/core/store'
import { decodeDocument, encodeDocument, encodeVersion, newNonce, type StoredDocument } from './codec.js'
import { readDocument } from './find.js'
import { entryArguments, indexChanges, indexEntries } from './index-entries.js'
import type { Deadline } from './link.js'
import { patchRecord } from './patch.js'
import { CHANGE } from './scripts/change.js'
import { CREATE } from './scripts/create.js'
import { REMOVE } from './scripts/remove.js'
import { manageDeadline, type Place, placeOf, type Space, write } from './space.js'
import { parseTokenId, rawId, type TokenId } from './token-id.js'
import { encodeUses } from './uses.js'

// A reply can be lost after the write was done, and clients send such a call again. So each write carries a nonce that
// it leaves behind: who finds its own nonce has done it before, and is told of success.

export async function insert(space: Space, record: TokenRecord): Promise<void> {
  space.link.assertOpen()
  const id = parseTokenId(record.id)
  if (id === undefined) throw new TypeError('record.id must be a prefix, a dot and 24 characters of A-Z and 2-7')
  const place = placeOf(space, id.publicPart)
  const { keys } = place
  const nonce = newNonce()
  const entries = indexEntries(keys, record)
  const deadline = manageDeadline(space)
  const { outcome, values } = await write(
    space,
    CREATE,
    [...writeKeys(place, id), keys.live, ...entries.map(({ key }) => key)],
    [
      ...writeArguments(space, place, id, record.id),
      encodeVersion(record.version),
      encodeDocument(record, id, nonce),
      encodeUses(record),
      `c${record.version}`,
      ...entryArguments(entries),
    ],
    deadline,
  )
  const [value] = values
  if (outcome === 'EXISTS' && !(value instanceof Buffer && value.equals(nonce))) {
    throw new StoreError('ERR_CONFLICT', `A token ${id.publicPart} exists already.`)
  }
  await written(space, place, id, `c${record.version}`, outcome === 'OK' ? Number(value) : undefined, deadline)
}

export async function update(
  space: Space,
  id: string,
  patch: TokenPatch,
  expectedVersion: number,
): Promise<TokenRecord | undefined> {
  space.link.assertOpen()
  const parsed = parseTokenId(id)
  if (parsed === undefined) return undefined
  const deadline = manageDeadline(space)
  const stored = await readDocument(space, parsed, deadline)
  if (stored === undefined) return undefined
  if (stored.record.version !== expectedVersion) throw conflict(id, stored.record.version, expectedVersion)

  const place = placeOf(space, parsed.publicPart)
  const { keys } = place
  const next = patchRecord(stored.record, patch)
  const nonce = newNonce()
  const document = encodeDocument(next, parsed, nonce)
  const [add, remove] = indexChanges(keys, stored.record, next)
  const entries = [...add, ...remove]
  const { outcome, values } = await write(
    space,
    CHANGE,
    [...writeKeys(place, parsed), keys.grave(parsed.publicPart), ...entries.map(({ key }) => key)],
    [
      ...writeArguments(space, place, parsed, id),
      stored.head,
      encodeVersion(next.version),
      document,
      `u${next.version}`,
      String(add.length),
      ...entryArguments(entries),
    ],
    deadline,
  )
  if (outcome === 'GONE') return undefined
  const [first, uses] = values as [Buffer | number, Buffer]
  if (outcome === 'CONFLICT' && first instanceof Buffer && !first.subarray(16).equals(nonce)) {
    throw conflict(id, first.readUInt32BE(0), expectedVersion)
  }
  await written(space, place, parsed, `u${next.version}`, outcome === 'OK' ? Number(first) : undefined, deadline)
  // Uses may have moved since the document was read.
  const whole = Buffer.concat([encodeVersion(next.version), stored.head.subarray(4), document])
  return decodeDocument(parsed.publicPart, whole, uses.length > 0 ? uses : null).record
}

export async function remove(space: Space, id: string, expectedVersion?: number): Promise<boolean> {
  space.link.assertOpen()
  const parsed = parseTokenId(id)
  if (parsed === undefined) return false
  const deadline = manageDeadline(space)
  const nonce = newNonce()
  for (;;) {
    const stored = await readDocument(space, parsed, deadline)
    if (stored === undefined) return false
    if (expectedVersion !== undefined && stored.record.version !== expectedVersion) {
      throw conflict(id, stored.record.version, expectedVersion)
    }
    const outcome = await removeStored(space, parsed, stored, nonce, deadline)
    if (outcome !== 'CONFLICT') return outcome === 'OK'
    // Somebody changed it meanwhile: again, with the new version.
  }
}

/** Removes exactly the document that was read. */
export async function removeStored(
  space: Space,
  id: TokenId,
  { head, record }: StoredDocument,
  nonce: Buffer,
  deadline: Deadline,
): Promise<'OK' | 'GONE' | 'CONFLICT'> {
  const place = placeOf(space, id.publicPart)
  const { keys } = place
  const entries = indexEntries(keys, record)
  const { outcome, values } = await write(
    space,
    REMOVE,
    [...writeKeys(place, id), keys.grave(id.publicPart), keys.live, ...entries.map(({ key }) => key)],
    [...writeArguments(space, place, id, record.id), head, nonce, ...entryArguments(entries)],
    deadline,
  )
  if (outcome === 'OK') await written(space, place, id, 'd0', Number(values[0]) || undefined, deadline)
  return outcome === 'OK' || outcome === 'GONE' ? outcome : 'CONFLICT'
}

function writeKeys({ keys }: Place, { publicPart }: TokenId): string[] {
  return [keys.meta, keys.lock, keys.seq, keys.log, keys.document(publicPart), keys.uses(publicPart)]
}

function writeArguments(space: Space, { shard }: Place, { publicPart }: TokenId, id: string): (string | Buffer)[] {
  return [space.channel, String(shard), id, rawId(publicPart)]
}

/** Remembers a change and, if asked to, waits for a replica. `seq` is unknown if the change was found done. */
async function written(
  space: Space,
  { shard, keys }: Place,
  { publicPart }: TokenId,
  change: string,
  seq: number | undefined,
  deadline: Deadline,
): Promise<void> {
  const { settings, witness, link } = space
  witness.note(shard, publicPart, change, seq ?? witness.seq(shard))
  if (settings.durability === 'master') return
  const timeout = Math.max(1, Math.min(settings.replicaTimeout, Math.floor(deadline.end - performance.now())))
  const replicas = await link.wait(keys.meta, timeout, deadline)
  if (replicas < 1) {
    throw new StoreError(
      'ERR_STORE',
      `The change of ${publicPart} was applied, but no replica has it within ${timeout} ms.`,
    )
  }
}

function conflict(id: string, actual: number, expected: number): StoreError {
  return new StoreError('ERR_CONFLICT', `Token ${id} is at version ${actual}, not ${expected}.`)
}
