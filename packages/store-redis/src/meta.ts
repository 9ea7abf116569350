import { randomBytes, randomUUID } from 'node:crypto'
import { StoreError } from '@latchkey/core/store'
import { type ShardKeys, shardKeys } from './keys.js'
import type { Deadline, Link } from './link.js'
import { isShardCount, type Settings } from './options.js'
import { INIT, REPLACE_META } from './scripts/init.js'

/** Which data set an environment is, as its meta says. Every shard holds the same text. */
export interface Identity {
  readonly text: Buffer
  readonly dataset: string
  readonly sealingKey: Uint8Array
  readonly shards: readonly ShardKeys[]
}

const FORMAT = 1
/** Stands before the text in shard 0 until all other shards have it. Nobody writes tokens before. */
const CREATING = 'creating '

/** Reads the meta of an environment, or makes it in a wholly empty key space. Any number of callers get the same. */
export async function openMeta(
  link: Link,
  settings: Settings,
  environment: string,
  deadline: Deadline,
): Promise<Identity> {
  const place = `${settings.prefix}:${environment}`
  const first = shardKeys(settings.prefix, environment, 0)
  let text = await readMeta(link, first, deadline)
  if (text === undefined) {
    const fresh = newMeta(settings.shards ?? 1)
    await assertEmpty(link, shardsOf(settings, environment, settings.shards ?? 1), place, deadline)
    text = await initShard(link, first, (settings.shards ?? 1) > 1 ? CREATING + fresh : fresh, place, deadline)
  }
  if (text.startsWith(CREATING)) text = await finish(link, settings, environment, text, deadline)
  const identity = parseMeta(text, settings, environment)
  for (const keys of identity.shards.slice(1)) {
    if ((await readMeta(link, keys, deadline)) !== text) throw lostShard(place, keys)
  }
  return identity
}

/**
 * Takes the data that are there as the environment's, and gives all shards a new meta unless they have a common one.
 * Tokens stay where they are.
 */
export async function adoptMeta(
  link: Link,
  settings: Settings,
  environment: string,
  known: number | undefined,
  deadline: Deadline,
): Promise<{ identity: Identity; created: boolean }> {
  const found = await readMeta(link, shardKeys(settings.prefix, environment, 0), deadline)
  const { shards: stored } = parseJson(found ?? '')
  const shards = isShardCount(stored) ? stored : (known ?? settings.shards ?? 1)
  const all = shardsOf(settings, environment, shards)
  const texts = await Promise.all(all.map((keys) => readMeta(link, keys, deadline)))
  const [text] = texts
  if (text !== undefined && !text.startsWith(CREATING) && texts.every((other) => other === text)) {
    return { identity: parseMeta(text, settings, environment), created: false }
  }
  const fresh = newMeta(shards)
  // Shard 0 last: whoever opens meanwhile finds the shards at odds, and fails.
  for (const keys of all.toReversed()) await link.command(keys.meta, ['SET', keys.meta, fresh], deadline)
  return { identity: parseMeta(fresh, settings, environment), created: true }
}

async function finish(
  link: Link,
  settings: Settings,
  environment: string,
  creating: string,
  deadline: Deadline,
): Promise<string> {
  const text = creating.slice(CREATING.length)
  const { shards } = parseMeta(text, settings, environment)
  const place = `${settings.prefix}:${environment}`
  for (const keys of shards.slice(1)) {
    if ((await initShard(link, keys, text, place, deadline)) !== text) throw lostShard(place, keys)
  }
  const [first] = shards
  // Whoever comes second finds it replaced already.
  if (first) await link.script(REPLACE_META, [first.meta], [creating, text], deadline)
  return text
}

async function initShard(
  link: Link,
  keys: ShardKeys,
  text: string,
  place: string,
  deadline: Deadline,
): Promise<string> {
  const reply = await link.script(INIT, dataKeys(keys), [text], deadline)
  const [outcome, found] = (reply as Buffer[]).map(String)
  if (outcome === 'OK') return text
  if (outcome === 'FOUND' && found !== undefined) return found
  throw lostShard(place, keys)
}

async function assertEmpty(link: Link, shards: readonly ShardKeys[], place: string, deadline: Deadline): Promise<void> {
  for (const keys of shards.slice(1)) {
    // Several processes may be making the key space: theirs shows in shard 0 by now.
    const count = await link.command(keys.meta, ['EXISTS', ...dataKeys(keys)], deadline)
    if (Number(count) > 0 && (await readMeta(link, shards[0] ?? keys, deadline)) === undefined) {
      throw lostShard(place, keys)
    }
  }
}

function dataKeys(keys: ShardKeys): string[] {
  return [keys.meta, keys.seq, keys.log, keys.created, keys.live]
}

async function readMeta(link: Link, keys: ShardKeys, deadline: Deadline): Promise<string | undefined> {
  const reply = await link.command(keys.meta, ['GET', keys.meta], deadline)
  return reply === null ? undefined : String(reply)
}

function newMeta(shards: number): string {
  const sealingKey = randomBytes(32).toString('base64')
  return JSON.stringify({ fmt: FORMAT, dataset: randomUUID(), shards, sealingKey, createdAt: Date.now() })
}

function parseMeta(text: string, settings: Settings, environment: string): Identity {
  const place = `${settings.prefix}:${environment}`
  const { fmt, dataset, shards, sealingKey } = parseJson(text)
  if (fmt !== FORMAT || typeof dataset !== 'string' || typeof sealingKey !== 'string' || !isShardCount(shards)) {
    throw new StoreError('ERR_STORE', `The key space ${place} is not of a format that this version reads.`)
  }
  if (settings.shards !== undefined && settings.shards !== shards) {
    throw new StoreError(
      'ERR_STORE',
      `The key space ${place} has ${shards} shards, but the option says ${settings.shards}.`,
    )
  }
  return {
    text: Buffer.from(text),
    dataset,
    sealingKey: new Uint8Array(Buffer.from(sealingKey, 'base64')),
    shards: shardsOf(settings, environment, shards),
  }
}

function parseJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

function shardsOf({ prefix }: Settings, environment: string, count: number): ShardKeys[] {
  return Array.from({ length: count }, (_, k) => shardKeys(prefix, environment, k))
}

function lostShard(place: string, { meta }: ShardKeys): StoreError {
  return new StoreError(
    'ERR_STORE',
    `The key space ${place} is incomplete or not its own (see ${meta}). After looking into it, init() accepts what is there.`,
  )
}
