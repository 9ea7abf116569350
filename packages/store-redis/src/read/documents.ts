import { causeCode, chunksOf } from '@latchkey/core/store'
import { decodeDocument, type StoredDocument } from '../codec.js'
import type { Connection, RedisDeadline } from '../connection.js'
import type { ShardRef } from '../keys.js'
import { assertDataset, type Keyspace } from '../keyspace.js'

/** Tokens per command: Redis answers it in less than a millisecond. */
const CHUNK = 250

/**
 * The documents of tokens of one shard with their last uses, `undefined` for those that are gone. Rejects with `ERR_STORE`
 * unless the shard still holds the data set that was opened, also when no token is asked for.
 */
export async function readDocuments(
  keyspace: Keyspace,
  shard: ShardRef,
  publicParts: readonly string[],
  deadline: RedisDeadline,
): Promise<(StoredDocument | undefined)[]> {
  // One chunk at least: it asks for the data set.
  const chunks = publicParts.length === 0 ? [[]] : [...chunksOf(publicParts, CHUNK)]
  return (await Promise.all(chunks.map(async (parts) => readChunk(keyspace, shard, parts, deadline)))).flat()
}

async function readChunk(
  keyspace: Keyspace,
  shard: ShardRef,
  publicParts: readonly string[],
  deadline: RedisDeadline,
): Promise<(StoredDocument | undefined)[]> {
  const keys = publicParts.flatMap((part) => [shard.document(part), shard.uses(part)])
  const values = await readMany(keyspace.connection, [...keys, shard.meta], deadline)
  assertDataset(keyspace, values.at(-1))
  return publicParts.map((part, i) => {
    const document = values[2 * i]
    return document ? decodeDocument(part, document, values[2 * i + 1] ?? null) : undefined
  })
}

/** After so many milliseconds without an answer, a Cluster is also asked for each key alone. */
const HEDGE_MS = 60

/**
 * The strings at keys of one shard, in one round trip. While a Cluster moves the slot between two nodes it refuses commands
 * with several keys (TRYAGAIN) but not those with one, so the keys are then asked for one by one. Put `meta` last: then
 * what was read before it came from the data set that it names.
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
