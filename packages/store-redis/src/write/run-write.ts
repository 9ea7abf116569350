import { msLeft, storeUnavailable, type TokenId } from '@latchkey/core/store'
import type { Argument } from '../clients/client.js'
import { manageDeadline, type RedisDeadline } from '../connection.js'
import { entryArguments, type IndexEntry, rawId } from '../index-entries.js'
import type { ShardRef } from '../keys.js'
import { foreignDataset, type Keyspace, shardOf } from '../keyspace.js'
import type { Script } from '../scripts/script.js'

const LOCK_PAUSE_MS = 50

export interface WriteReply {
  readonly outcome: string
  readonly values: readonly unknown[]
}

/**
 * Runs a script that begins with `CHECK_WRITABLE`: its first keys are meta and lock, and the text of meta goes in front
 * of the arguments here. While `rebuild()` holds the lock, it waits.
 */
export async function runWrite(
  keyspace: Keyspace,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
  deadline: RedisDeadline,
): Promise<WriteReply> {
  for (;;) {
    const reply = await keyspace.connection.script(script, keys, [keyspace.dataset.meta, ...args], deadline)
    const [outcome, ...values] = reply as unknown[]
    if (String(outcome) === 'META') throw foreignDataset(keyspace)
    if (String(outcome) !== 'LOCK') return { outcome: String(outcome), values }
    // Early enough that the caller gets the reason, and not a timeout.
    if (msLeft(deadline) < deadline.ms / 4) {
      throw storeUnavailable('The indexes are being rebuilt; writes are refused meanwhile.')
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS))
  }
}

/** The token that a write is about, and until when. */
export interface TokenWrite {
  readonly keyspace: Keyspace
  readonly shard: ShardRef
  readonly id: TokenId
  readonly deadline: RedisDeadline
}

export function tokenWrite(keyspace: Keyspace, id: TokenId): TokenWrite {
  return { keyspace, shard: shardOf(keyspace, id.publicPart), id, deadline: manageDeadline(keyspace.settings) }
}

export function idText({ id: { prefix, publicPart } }: TokenWrite): string {
  return `${prefix}.${publicPart}`
}

/** Runs a script that begins with `TOKEN_PRELUDE` and ends with index entries. */
export async function runTokenWrite(
  write: TokenWrite,
  script: Script,
  keys: readonly string[],
  args: readonly Argument[],
  entries: readonly IndexEntry[],
): Promise<WriteReply> {
  const { keyspace, shard, id, deadline } = write
  const { publicPart } = id
  const first = [shard.meta, shard.lock, shard.seq, shard.log, shard.document(publicPart), shard.uses(publicPart)]
  return runWrite(
    keyspace,
    script,
    [...first, ...keys, ...entries.map(({ key }) => key)],
    [
      keyspace.channel,
      `${keyspace.dataset.id} ${shard.index}`,
      idText(write),
      rawId(publicPart),
      ...args,
      ...entryArguments(entries),
    ],
    deadline,
  )
}

/** Remembers a change and, if asked to, waits for a replica. `seq` is unknown if an earlier call made the change. */
export async function finishTokenWrite(
  { keyspace, shard, id, deadline }: TokenWrite,
  operation: string,
  seq: number | undefined,
): Promise<void> {
  const { settings, rollbackGuard, connection } = keyspace
  rollbackGuard.record(shard.index, id.publicPart, operation, seq ?? rollbackGuard.latestSeq(shard.index))
  if (settings.durability === 'master') return
  const timeout = Math.max(1, Math.min(settings.replicaTimeout, Math.floor(msLeft(deadline))))
  if ((await connection.wait(shard.meta, timeout, deadline)) >= 1) return
  throw storeUnavailable(`The change of ${id.publicPart} was applied, but no replica has it within ${timeout} ms.`)
}
