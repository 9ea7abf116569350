import { randomBytes, randomUUID } from 'node:crypto'
import { StoreError } from '@latchkey/core/store'
import type { Connection, Deadline } from './connection.js'
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
  readonly deadline: Deadline
}

const FORMAT = 1
/** Comes before the meta in shard 0 until all other shards have theirs. Nobody writes tokens before. */
const CREATING = 'creating '

/** Reads the data set of an environment, or creates it in a wholly empty key space. Racing callers get the same one. */
export async function openDataset(context: DatasetContext): Promise<Dataset> {
  const shardCount = context.settings.shards ?? 1
  const [first, ...others] = shardRefs(context, shardCount)
  let meta = await readMeta(context, first)
  if (meta === undefined) {
    for (const shard of others) await assertEmpty(context, shard, first)
    meta = await createMeta(context, first, (shardCount > 1 ? CREATING : '') + newMeta(shardCount))
  }
  if (meta.startsWith(CREATING)) meta = await finishCreation(context, meta)
  const dataset = parseMeta(context, meta)
  for (const shard of dataset.shards.slice(1)) {
    if ((await readMeta(context, shard)) !== meta) throw incomplete(context, shard)
  }
  return dataset
}

export function shardRefs({ settings, environment }: DatasetContext, count: number): [ShardRef, ...ShardRef[]] {
  const ref = (index: number) => shardRef(settings.prefix, environment, index)
  return [ref(0), ...Array.from({ length: count - 1 }, (_, i) => ref(i + 1))]
}

export async function readMeta(
  { connection, deadline }: DatasetContext,
  { meta }: ShardRef,
): Promise<string | undefined> {
  const reply = await connection.command(meta, ['GET', meta], deadline)
  return reply === null ? undefined : String(reply)
}

export function newMeta(shards: number): string {
  const sealingKey = randomBytes(32).toString('base64')
  return JSON.stringify({ fmt: FORMAT, dataset: randomUUID(), shards, sealingKey, createdAt: Date.now() })
}

export function isComplete(meta: string): boolean {
  return !meta.startsWith(CREATING)
}

/** How many shards a meta names, if it is one at all. */
export function shardCountOf(meta: string): number | undefined {
  const { shards } = parseJson(meta)
  return isShardCount(shards) ? shards : undefined
}

export function parseMeta(context: DatasetContext, meta: string): Dataset {
  const { fmt, dataset, shards, sealingKey } = parseJson(meta)
  if (fmt !== FORMAT || typeof dataset !== 'string' || typeof sealingKey !== 'string' || !isShardCount(shards)) {
    throw failure(context, 'is not of a format that this version reads.')
  }
  const wanted = context.settings.shards
  if (wanted !== undefined && wanted !== shards) {
    throw failure(context, `has ${shards} shards, but the option says ${wanted}.`)
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
  return new StoreError('ERR_STORE', `The key space ${settings.prefix}:${environment} ${problem}`)
}
