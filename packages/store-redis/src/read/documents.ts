import {
  causeCode,
  chunksOf,
  DamagedRecord,
  type FindOptions,
  parseTokenId,
  storeUnavailable,
  type TokenRecord,
} from '@latchkey/core/store'
import { decodeDocument, type StoredDocument } from '../codec.js'
import { type Connection, manageDeadline, type RedisDeadline, readDeadline } from '../connection.js'
import type { ShardRef } from '../keys.js'
import { assertDataset, type Keyspace, shardOf } from '../keyspace.js'

/** Tokens per command: Redis answers it in less than a millisecond. */
const CHUNK = 250

/**
 * The documents of tokens of one shard with their last uses, `undefined` for those that are gone, and an error for
 * those that are damaged. Rejects with `ERR_STORE` unless the shard still holds the data set that was opened, also when
 * no token is asked for.
 */
export async function readDocuments(
  keyspace: Keyspace,
  shard: ShardRef,
  publicParts: readonly string[],
  deadline: RedisDeadline,
): Promise<(StoredDocument | DamagedRecord | undefined)[]> {
  // One chunk at least: it asks for the data set.
  const chunks = publicParts.length === 0 ? [[]] : [...chunksOf(publicParts, CHUNK)]
  return (await Promise.all(chunks.map(async (parts) => readChunk(keyspace, shard, parts, deadline)))).flat()
}

async function readChunk(
  keyspace: Keyspace,
  shard: ShardRef,
  publicParts: readonly string[],
  deadline: RedisDeadline,
): Promise<(StoredDocument | DamagedRecord | undefined)[]> {
  const keys = publicParts.flatMap((part) => [shard.document(part), shard.uses(part)])
  const values = await readMany(keyspace.connection, [...keys, shard.meta], deadline)
  assertDataset(keyspace, values.at(-1))
  return publicParts.map((part, i) => {
    const document = values[2 * i]
    return document ? decodeIntact(part, document, values[2 * i + 1] ?? null) : undefined
  })
}

function decodeIntact(publicPart: string, document: Buffer, uses: Buffer | null): StoredDocument | DamagedRecord {
  try {
    return decodeDocument(publicPart, document, uses)
  } catch (error) {
    if (error instanceof DamagedRecord) return error
    throw error
  }
}

/** After so many milliseconds without an answer, a Cluster is also asked for each key alone. */
const HEDGE_MS = 60

/**
 * The strings at keys of one shard, in one round trip. While a Cluster moves the slot between two nodes it refuses
 * commands with several keys (TRYAGAIN) but not those with one, so the keys are then asked for one by one. Put `meta`
 * last: then what was read before it came from the data set that it names.
 */
export async function readMany(
  connection: Connection,
  keys: readonly string[],
  deadline: RedisDeadline,
): Promise<(Buffer | null)[]> {
  const [first = ''] = keys
  const one = async (key: string) => (await connection.command(key, ['GET', key], deadline)) as Buffer | null
  const oneByOne = async () => Promise.all(keys.map(one))
  const together = connection
    .command(first, ['MGET', ...keys], deadline, 'TRYAGAIN')
    .then((values) => values as (Buffer | null)[])
    .catch(async (error: unknown) => {
      if (causeCode(error) !== 'TRYAGAIN') throw error
      return oneByOne()
    })
  // ioredis keeps TRYAGAIN to itself for 1.6 s.
  return connection.client.cluster ? hedged(together, oneByOne) : together
}

/** The first answer, or, if that takes long, whichever of the two comes first. */
async function hedged<T>(first: Promise<T>, second: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => void second().then(resolve, () => {}), HEDGE_MS)
    first.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}

/** Documents that one command reads; Redis answers it in about 0.1 ms. */
const MAX_FIND_BATCH = 100

/** Point reads of one shard that go together. */
interface Batch {
  readonly publicParts: string[]
  /** Document and uses of each, in turn. */
  readonly values: Promise<(Buffer | null)[]>
}

/**
 * Makes `find`: the record, in one round trip. It rejects if the data set is not the one that was opened, or if history
 * was lost and the record is older than what this process has seen.
 *
 * Reads of one turn of the event loop go together, since a client spends several times as long on a command as Redis.
 */
export function createFind(
  keyspace: Keyspace,
): (id: string, options?: FindOptions) => Promise<TokenRecord | undefined> {
  const batchOf = createBatches(keyspace, readDeadline)
  const patientBatchOf = createBatches(keyspace, manageDeadline)

  return async (id, { patient = false } = {}) => {
    const publicPart = parseTokenId(id)?.publicPart
    if (publicPart === undefined) return undefined
    const shard = shardOf(keyspace, publicPart)
    const { publicParts, values } = patient ? patientBatchOf(shard) : batchOf(shard)
    const index = 2 * (publicParts.push(publicPart) - 1)
    const [document = null, uses = null] = (await values).slice(index, index + 2)
    if (document === null) return undefined
    const { record } = decodeDocument(publicPart, document, uses)
    return record.id === id ? unlessStale(keyspace, shard, publicPart, record) : undefined
  }
}

/** The batch of a shard that still takes reads; each batch has one deadline. */
function createBatches(keyspace: Keyspace, deadlineOf: typeof readDeadline): (shard: ShardRef) => Batch {
  const open = new Map<ShardRef, Batch>()

  async function readBatch(shard: ShardRef, publicParts: readonly string[]): Promise<(Buffer | null)[]> {
    const { connection, settings, rollbackGuard, listeners } = keyspace
    const deadline = deadlineOf(settings)
    await new Promise((resolve) => setImmediate(resolve))
    open.delete(shard)
    const expected = rollbackGuard.latestSeq(shard.index)
    const keys = publicParts.flatMap((part) => [shard.document(part), shard.uses(part)])
    const values = await readMany(connection, [...keys, shard.seq, shard.meta], deadline)
    const [seq, meta] = values.slice(-2)
    assertDataset(keyspace, meta)
    if (rollbackGuard.observeSeq(shard.index, Number(seq ?? 0), expected)) listeners.notify('reset')
    return values
  }

  return (shard) => {
    const batch = open.get(shard)
    if (batch !== undefined && batch.publicParts.length < MAX_FIND_BATCH) return batch
    const publicParts: string[] = []
    const fresh = { publicParts, values: readBatch(shard, publicParts) }
    open.set(shard, fresh)
    return fresh
  }
}

function unlessStale(
  { rollbackGuard }: Keyspace,
  { index }: ShardRef,
  publicPart: string,
  record: TokenRecord,
): TokenRecord | undefined {
  switch (rollbackGuard.judge(index, publicPart, record.version)) {
    case 'current':
      return record
    case 'removed':
      return undefined
    case 'stale':
      throw storeUnavailable(`Redis lost a change of ${record.id} that this process has seen; its record is too old.`)
  }
}
