import { StoreError } from '@latchkey/core/store'
import type { Argument } from './client.js'
import { changesChannel, type ShardKeys, shardOf } from './keys.js'
import type { Deadline, Link } from './link.js'
import type { Identity } from './meta.js'
import type { Settings } from './options.js'
import type { Script } from './scripts/script.js'
import { createWitness, type Witness } from './witness.js'

/** One environment as this process knows it: what all operations share. */
export interface Space {
  readonly settings: Settings
  readonly environment: string
  readonly channel: string
  readonly link: Link
  readonly witness: Witness
  /** Those that are about to be sent, by shard. */
  readonly pointReads: Map<number, PointReads>
  /** Replaced by `init` alone. */
  identity: Identity
  /** Called when this process must not trust what it remembers. */
  readonly onReset: Set<() => void>
}

/** Point reads of one shard that go together. */
export interface PointReads {
  readonly publicParts: string[]
  /** Document and uses of each, one after another. */
  readonly answer: Promise<(Buffer | null)[]>
}

/** A shard and the one of its tokens that is meant. */
export interface Place {
  readonly shard: number
  readonly keys: ShardKeys
}

export function createSpace(settings: Settings, environment: string, link: Link, identity: Identity): Space {
  return {
    settings,
    environment,
    channel: changesChannel(settings.prefix, environment),
    link,
    witness: createWitness(),
    pointReads: new Map(),
    identity,
    onReset: new Set(),
  }
}

export function placeOf({ identity: { shards } }: Space, publicPart: string): Place {
  const shard = shardOf(publicPart, shards.length)
  return { shard, keys: keysOf(shards, shard) }
}

export function placesOf({ identity: { shards } }: Space): Place[] {
  return shards.map((keys, shard) => ({ shard, keys }))
}

export function readDeadline({ settings: { readTimeout } }: Space): Deadline {
  return { end: performance.now() + readTimeout, ms: readTimeout, reconnects: 2 }
}

export function manageDeadline({ settings: { manageTimeout } }: { settings: Settings }): Deadline {
  return { end: performance.now() + manageTimeout, ms: manageTimeout, reconnects: Number.POSITIVE_INFINITY }
}

/** Throws unless the text is that of the data set that was opened: an emptied or foreign Redis knows nothing of ours. */
export function assertMeta(space: Space, text: unknown): void {
  if (text instanceof Buffer && text.equals(space.identity.text)) return
  throw foreign(space)
}

export function foreign({ settings: { prefix }, environment }: Space): StoreError {
  return new StoreError(
    'ERR_STORE',
    `The key space ${prefix}:${environment} is empty or holds another data set than the one that was opened. ` +
      'Restart, or call init(), to accept what is there.',
  )
}

/** Forgets and lets everyone know: history was lost, or the data set changed. */
export function reset(space: Space): void {
  for (const listener of space.onReset) listener()
}

/**
 * Runs a script whose first keys are meta and lock and whose first argument is the text of meta, and returns its answer
 * as strings and Buffers. While `rebuild()` holds the lock, it waits.
 */
export async function write(
  space: Space,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
  deadline: Deadline,
): Promise<{ outcome: string; values: unknown[] }> {
  for (;;) {
    const reply = await space.link.script(script, keys, [space.identity.text, ...args], deadline)
    const [outcome, ...values] = reply as unknown[]
    if (String(outcome) === 'META') throw foreign(space)
    if (String(outcome) !== 'LOCK') return { outcome: String(outcome), values }
    // Soon enough for another answer than that there was none in time.
    if (performance.now() + deadline.ms / 4 > deadline.end) {
      throw new StoreError('ERR_STORE', 'The indexes are being rebuilt; writes are refused meanwhile.')
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE))
  }
}

const LOCK_PAUSE = 50

function keysOf(shards: readonly ShardKeys[], shard: number): ShardKeys {
  const keys = shards[shard]
  if (keys === undefined) throw new RangeError(`no shard ${shard}`)
  return keys
}
