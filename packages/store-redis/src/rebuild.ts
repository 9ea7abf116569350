import { randomUUID } from 'node:crypto'
import { StoreError } from '@latchkey/core/store'
import type { Argument } from './client.js'
import { decodeDocument } from './codec.js'
import { indexEntries, indexMember } from './index-entries.js'
import { type Bitmap, hasBit, setBit } from './list/bitmap.js'
import { readMany } from './read-many.js'
import { scanKeys } from './scan.js'
import { DROP_LOCK, KEEP_LOCK, SWAP } from './scripts/operate.js'
import { assertMeta, manageDeadline, type Place, placesOf, type Space } from './space.js'
import { rawId } from './token-id.js'

/** What `rebuild` did. */
export interface RebuildReport {
  readonly tokens: number
  /** Tokens that shared their number with another one and got a new one. */
  readonly renumbered: number
  /** Documents that cannot be read, by their public part; they were left alone, and no list shows them. */
  readonly unreadable: string[]
}

const CHUNK = 200
/** The lock lives so long (ms) after the last sign of life. */
const LEASE = 30_000

/**
 * Makes all indexes anew from the documents, shard by shard. Reads go on meanwhile; writes to the shard wait, and reject
 * with `ERR_STORE` after `manageTimeout`. Needs memory for a second set of indexes.
 */
export async function rebuild(space: Space): Promise<RebuildReport> {
  space.link.assertOpen()
  const report = { tokens: 0, renumbered: 0, unreadable: [] as string[] }
  for (const place of placesOf(space)) {
    const token = await lock(space, place)
    try {
      await rebuildShard(space, place, token, report)
    } finally {
      await space.link.script(DROP_LOCK, [place.keys.lock], [token], manageDeadline(space))
    }
  }
  return report
}

type Report = { -readonly [K in keyof RebuildReport]: RebuildReport[K] }

async function rebuildShard(space: Space, place: Place, token: string, report: Report): Promise<void> {
  const { keys } = place
  assertMeta(space, await space.link.command(keys.meta, ['GET', keys.meta], manageDeadline(space)))
  // Left over from a rebuild that was cut off.
  for (const rest of await scanKeys(space, place, 'new:')) await unlink(space, `${keys.base}new:${rest}`)
  const old = await Promise.all(
    ['z:', 'o:', 'b:'].map(async (kind) => (await scanKeys(space, place, kind)).map((end) => kind + end)),
  )

  const bitmaps = new Map<string, Bitmap>()
  const made = new Set<string>()
  const parts = await scanKeys(space, place, 't:')
  const twins: string[] = []
  const taken = { numbers: new Uint8Array(64) as Bitmap, next: 0 }
  for (let i = 0; i < parts.length; i += CHUNK) {
    await keep(space, place, token)
    await indexChunk(space, place, parts.slice(i, i + CHUNK), { bitmaps, made, taken, twins, report })
  }
  for (const part of twins) await renumber(space, place, part, taken)
  for (let i = 0; i < twins.length; i += CHUNK) {
    await indexChunk(space, place, twins.slice(i, i + CHUNK), { bitmaps, made, taken, twins: [], report })
  }
  report.renumbered += twins.length
  for (const [end, bitmap] of bitmaps) {
    const key = `${keys.base}new:${end}`
    await space.link.command(key, ['SET', key, Buffer.from(bitmap)], manageDeadline(space))
    made.add(end)
  }
  await swap(space, place, token, [...new Set([...old.flat(), ...made])])
}

interface Progress {
  /** By the end of their key. */
  readonly bitmaps: Map<string, Bitmap>
  readonly made: Set<string>
  readonly taken: { numbers: Bitmap; next: number }
  readonly twins: string[]
  readonly report: Report
}

async function indexChunk(space: Space, place: Place, parts: readonly string[], progress: Progress): Promise<void> {
  const { keys } = place
  const deadline = manageDeadline(space)
  const values = await readMany(
    space,
    parts.flatMap((part) => [keys.document(part), keys.uses(part)]),
    deadline,
  )
  const adds = new Map<string, Argument[]>()
  for (const [i, part] of parts.entries()) {
    const document = values[2 * i]
    if (!document) continue
    const stored = decode(part, document, values[2 * i + 1] ?? null)
    if (stored === undefined) {
      progress.report.unreadable.push(part)
      continue
    }
    const { number, record } = stored
    if (hasBit(progress.taken.numbers, number)) {
      progress.twins.push(part)
      continue
    }
    progress.taken.numbers = mark(progress.taken.numbers, number)
    progress.report.tokens++
    for (const entry of [...indexEntries(keys, record), { key: keys.live }]) {
      const end = entry.key.slice(keys.base.length)
      if ('score' in entry && entry.score !== undefined) {
        const members = adds.get(end) ?? []
        adds.set(end, members)
        members.push(entry.score, indexMember(entry, number, rawId(part)))
      } else progress.bitmaps.set(end, mark(progress.bitmaps.get(end) ?? new Uint8Array(64), number))
    }
  }
  await Promise.all(
    [...adds].map(async ([end, members]) => {
      const key = `${keys.base}new:${end}`
      progress.made.add(end)
      await space.link.command(key, ['ZADD', key, ...members], deadline)
    }),
  )
}

/** Two documents may share a number after the bitmap of live numbers was lost; one of them gets a free one. */
async function renumber(space: Space, { keys }: Place, part: string, taken: Progress['taken']): Promise<void> {
  while (hasBit(taken.numbers, taken.next)) taken.next++
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(taken.next++)
  const key = keys.document(part)
  await space.link.command(key, ['SETRANGE', key, '4', bytes], manageDeadline(space))
}

async function swap(space: Space, { keys }: Place, token: string, ends: readonly string[]): Promise<void> {
  for (let i = 0; i < ends.length; i += CHUNK) {
    const pairs = ends.slice(i, i + CHUNK).flatMap((end) => [keys.base + end, `${keys.base}new:${end}`])
    const done = await space.link.script(SWAP, [keys.lock, ...pairs], [token], manageDeadline(space))
    if (Number(done) !== 1) throw lostLock()
  }
}

async function lock(space: Space, { keys }: Place): Promise<string> {
  const token = randomUUID()
  const args = ['SET', keys.lock, token, 'NX', 'PX', String(LEASE)]
  if ((await space.link.command(keys.lock, args, manageDeadline(space))) !== null) return token
  throw new StoreError('ERR_STORE', 'Another rebuild is running, or was cut off less than 30 s ago.')
}

async function keep(space: Space, { keys }: Place, token: string): Promise<void> {
  const kept = await space.link.script(KEEP_LOCK, [keys.lock], [token, String(LEASE)], manageDeadline(space))
  if (Number(kept) !== 1) throw lostLock()
}

function lostLock(): StoreError {
  return new StoreError('ERR_STORE', 'The rebuild took too long between two steps and was given up; start it again.')
}

async function unlink(space: Space, key: string): Promise<void> {
  await space.link.command(key, ['UNLINK', key], manageDeadline(space))
}

function decode(part: string, document: Buffer, uses: Buffer | null): ReturnType<typeof decodeDocument> | undefined {
  try {
    return decodeDocument(part, document, uses)
  } catch {
    return undefined
  }
}

/** Sets a bit, in a longer bitmap if need be. */
function mark(bitmap: Bitmap, n: number): Bitmap {
  let result = bitmap
  if (n >> 3 >= result.length) {
    result = new Uint8Array(Math.max(2 * result.length, (n >> 3) + 1))
    result.set(bitmap)
  }
  setBit(result, n)
  return result
}
