import { StoreError, type TokenRecord } from '@latchkey/core/store'
import { decodeDocument, type StoredDocument } from './codec.js'
import type { Deadline } from './link.js'
import { readPoint } from './point-reads.js'
import { readMany } from './read-many.js'
import { assertMeta, placeOf, type Space } from './space.js'
import { parseTokenId, type TokenId } from './token-id.js'

/** The record, one round trip. Rejects if the data set is not ours, or if history was lost and this may be too old. */
export async function find(space: Space, id: string): Promise<TokenRecord | undefined> {
  space.link.assertOpen()
  const parsed = parseTokenId(id)
  if (parsed === undefined) return undefined
  const { publicPart } = parsed
  const place = placeOf(space, publicPart)
  const [document, uses] = await readPoint(space, place, publicPart)
  if (document === null) return undefined
  const { record } = decodeDocument(publicPart, document, uses)
  if (record.id !== id) return undefined
  switch (space.witness.judge(place.shard, publicPart, record.version)) {
    case 'good':
      return record
    case 'removed':
      return undefined
    case 'older':
      throw new StoreError(
        'ERR_STORE',
        `Redis lost a change of ${id} that this process has seen; its record is too old.`,
      )
  }
}

/** The document as a write needs it, whatever the witness thinks. */
export async function readDocument(
  space: Space,
  { prefix, publicPart }: TokenId,
  deadline: Deadline,
): Promise<StoredDocument | undefined> {
  const { keys } = placeOf(space, publicPart)
  const wanted = [keys.document(publicPart), keys.uses(publicPart), keys.meta]
  const [document = null, uses = null, meta] = await readMany(space, wanted, deadline)
  assertMeta(space, meta)
  if (document === null) return undefined
  const stored = decodeDocument(publicPart, document, uses)
  return stored.record.id === `${prefix}.${publicPart}` ? stored : undefined
}
