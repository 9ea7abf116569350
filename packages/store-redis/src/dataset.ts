import { randomBytes, randomUUID } from 'node:crypto'
import { counted, noEnvironment, type OpenOptions, type StoreError, storeUnavailable } from '@latchkey/core/store'
import type { Connection, RedisDeadline } from './connection.js'
import { type ShardRef, shardRef } from './keys.js'
import { isShardCount, type Settings } from './options.js'
import { CREATE_META, REPLACE_META } from './scripts/operate.js'

/** Which data set an environment has. Every shard holds the same meta. */
export interface Dataset {
  /** The text at the key `meta`. */
  readonly meta: Buffer
  readonly id: string
  readonly sealingKey: Uint8Array
  readonly shards: readonly ShardRef[]
}

/** What reading and making the meta of an environment takes. */
export interface DatasetContext {
  readonly connection: Connection
  readonly settings: Settings
  readonly environment: string
  readonly deadline: RedisDeadline
}

const FORMAT = 1
/** Comes before the meta in shard 0 until all other shards have theirs. Nobody writes tokens before. */
const CREATING = 'creating '

/**
 * Reads the data set of an environment, or, if `create`, makes it, with this sealing key, in a wholly empty key space.
 * Racing callers get the same one.
 */
export async function openDataset(
  context: DatasetContext,
  { sealingKey, create = true }: OpenOptions = {},
): Promise<Dataset> {
  const shardCount = context.settings.shards ?? 1
  const [first, ...others] = shardRefs(context, shardCount)
  let meta = await readMeta(context, first)
  if (meta === undefined) {
    if (!create) throw noEnvironment(context.environment)
    for (const shard of others) await assertEmpty(context, shard, first)
    meta = await createMeta(context, first, (shardCount > 1 ? CREATING : '') + newMeta(shardCount, sealingKey))
  }
  if (meta.startsWith(CREATING)) meta = await finishCreation(context, meta)
  const dataset = parseMeta(context, meta)
  for (const shard of dataset.shards.slice(1)) {
    if ((await readMeta(context, shard)) !== meta) throw incomplete(context, shard)
  }
  return dataset
}

/**
 * Accepts the data that are there as the environment's: gives all shards a new meta, unless they have a common one.
 * Tokens stay where they are. `knownShards` is what this process has opened before.
 */
export async function acceptDataset(
  context: DatasetContext,
  knownShards: number | undefined,
): Promise<{ dataset: Dataset; created: boolean }> {
  const [first] = shardRefs(context, 1)
  const found = await readMeta(context, first)
  const count = shardCountOf(found) ?? knownShards ?? context.settings.shards ?? 1
  const shards = shardRefs(context, count)
  const metas = await Promise.all(shards.map(async (shard) => readMeta(context, shard)))
  if (found !== undefined && !found.startsWith(CREATING) && metas.every((meta) => meta === found)) {
    return { dataset: parseMeta(context, found), created: false }
  }
  const fresh = newMeta(count)
  // Shard 0 last: a process that opens the key space meanwhile finds the shards at odds, and fails.
  for (const { meta } of shards.toReversed()) {
    await context.connection.command(meta, ['SET', meta, fresh], context.deadline)
  }
  return { dataset: parseMeta(context, fresh), created: true }
}

function shardRefs({ settings, environment }: DatasetContext, count: number): [ShardRef, ...ShardRef[]] {
  const ref = (index: number) => shardRef(settings.prefix, environment, index)
  return [ref(0), ...Array.from({ length: count - 1 }, (_, i) => ref(i + 1))]
}

async function readMeta({ connection, deadline }: DatasetContext, { meta }: ShardRef): Promise<string | undefined> {
  const reply = await connection.command(meta, ['GET', meta], deadline)
  return reply === null ? undefined : String(reply)
}

function newMeta(shards: number, key: Uint8Array = randomBytes(32)): string {
  const sealingKey = Buffer.from(key).toString('base64')
  return JSON.stringify({ fmt: FORMAT, dataset: randomUUID(), shards, sealingKey, createdAt: Date.now() })
}

/** How many shards a meta names, if it is one at all. */
function shardCountOf(meta = ''): number | undefined {
  const { shards } = parseJson(meta)
  return isShardCount(shards) ? shards : undefined
}

function parseMeta(context: DatasetContext, meta: string): Dataset {
  const { fmt, dataset, shards, sealingKey } = parseJson(meta)
  if (fmt !== FORMAT || typeof dataset !== 'string' || typeof sealingKey !== 'string' || !isShardCount(shards)) {
    throw failure(context, 'is not of a format that this version reads.')
  }
  const wanted = context.settings.shards
  if (wanted !== undefined && wanted !== shards) {
    throw failure(context, `has ${counted(shards, 'shard')}, but the option says ${wanted}.`)
  }
  return {
    meta: Buffer.from(meta),
    id: dataset,
    sealingKey: new Uint8Array(Buffer.from(sealingKey, 'base64')),
    shards: shardRefs(context, shards),
  }
}

async function finishCreation(context: DatasetContext, creating: string): Promise<string> {
  const meta = creating.slice(CREATING.length)
  const [first, ...others] = shardRefs(context, parseMeta(context, meta).shards.length)
  for (const shard of others) {
    if ((await createMeta(context, shard, meta)) !== meta) throw incomplete(context, shard)
  }
  // A racing caller may have replaced it already.
  await context.connection.script(REPLACE_META, [first.meta], [creating, meta], context.deadline)
  return meta
}

/** The meta that the shard has afterwards: this one, or that of a racing caller. */
async function createMeta(context: DatasetContext, shard: ShardRef, meta: string): Promise<string> {
  const reply = await context.connection.script(CREATE_META, dataKeys(shard), [meta], context.deadline)
  const [outcome, found] = (reply as Buffer[]).map(String)
  if (outcome === 'OK') return meta
  if (outcome === 'FOUND' && found !== undefined) return found
  throw incomplete(context, shard)
}

/** Throws if the shard has data, unless a racing caller has begun to create the key space: that shows in shard 0. */
async function assertEmpty(context: DatasetContext, shard: ShardRef, first: ShardRef): Promise<void> {
  const count = await context.connection.command(shard.meta, ['EXISTS', ...dataKeys(shard)], context.deadline)
  if (Number(count) > 0 && (await readMeta(context, first)) === undefined) throw incomplete(context, shard)
}

function dataKeys({ meta, seq, log, created, live }: ShardRef): string[] {
  return [meta, seq, log, created, live]
}

function parseJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

function incomplete(context: DatasetContext, { meta }: ShardRef): StoreError {
  const advice = 'After looking into it, init() accepts what is there.'
  return failure(context, `is incomplete or not its own (see ${meta}). ${advice}`)
}

function failure({ settings, environment }: DatasetContext, problem: string): StoreError {
  return storeUnavailable(`The key space ${settings.prefix}:${environment} ${problem}`)
}
