import { deadlineIn } from '@latchkey/core/store'
import { READ_RECONNECTS } from '../connection.js'
import type { ShardRef } from '../keys.js'
import type { Keyspace } from '../keyspace.js'
import { POLL } from '../scripts/read.js'

/** A poll has to answer within this time: a silent server gives no other sign. */
const POLL_TIMEOUT_MS = 400
/** How many entries one poll reads; see `POLL`. */
const PAGE = 1_000

/** How far a shard's stream has been followed. */
interface Progress {
  /** Id of the last known entry. */
  readonly id: string
  readonly seq: number
  /** Numbers after `seq` that a message has brought already. */
  readonly received: Set<number>
}

interface Change {
  readonly seq: number
  readonly id: string
  /** `c`, `u` or `d` and the version. */
  readonly operation: string
}

/** The change log of an environment: the streams of its shards, and the messages that announce their entries. */
export interface ChangeLog {
  /** Reads what is new in a shard's stream. Rejects if it cannot be read or belongs to another data set. */
  poll(shard: ShardRef): Promise<void>
  /** Takes a message of the channel. */
  receive(message: string): void
  /** From now on a shard that has to be read from the start again is a `reset`. */
  reportResets(): void
}

/**
 * Follows the streams of an environment. The sequence of a shard has no gaps; a gap, a sequence that went back and
 * another data set are a `reset`.
 */
export function createChangeLog(keyspace: Keyspace): ChangeLog {
  const { connection, rollbackGuard, listeners } = keyspace
  const progress = new Map<number, Progress>()
  let reportsResets = false

  function record(shard: number, { id, operation, seq }: Change): void {
    rollbackGuard.record(shard, id.slice(id.indexOf('.') + 1), operation, seq)
  }

  async function poll(shard: ShardRef): Promise<void> {
    const { index } = shard
    const known = progress.get(index)
    const expected = rollbackGuard.latestSeq(index)
    const deadline = { ...deadlineIn(POLL_TIMEOUT_MS), reconnects: READ_RECONNECTS }
    const reply = await connection.script(POLL, [shard.meta, shard.seq, shard.log], [known?.id ?? ''], deadline)
    const [meta, seqText, entries] = reply as [Buffer, Buffer, [id: Buffer, fields: Buffer[]][]]
    if (!meta.equals(keyspace.dataset.meta)) {
      // Notified once: until the data set is back, there is nothing more to forget.
      if (progress.delete(index)) listeners.notify('reset')
      throw new Error('another data set')
    }
    const seq = Number(seqText)
    const lost = rollbackGuard.observeSeq(index, seq, expected)
    if (known === undefined) {
      progress.set(index, { id: String(entries[0]?.[0] ?? '0-0'), seq, received: new Set() })
      if (reportsResets || lost) listeners.notify('reset')
      return
    }
    const changes = entries.map(([, fields]) => toChange(fields))
    for (const change of changes) record(index, change)
    const isGapless = changes.every((change, i) => change.seq === known.seq + i + 1)
    const hasMore = entries.length === PAGE
    const last = known.seq + changes.length
    if (lost || !isGapless || (hasMore ? seq < last : seq !== last)) {
      progress.delete(index)
      return poll(shard)
    }
    progress.set(index, { id: String(entries.at(-1)?.[0] ?? known.id), seq: last, received: known.received })
    const ids = changes.filter((change) => !known.received.delete(change.seq)).map(({ id }) => id)
    if (ids.length > 0) listeners.notify({ ids })
    if (hasMore) await poll(shard)
  }

  return {
    poll,
    receive(message) {
      const [dataset, index = '', seq = '', operation = '', id = ''] = message.split(' ')
      if (dataset !== keyspace.dataset.id) return
      record(Number(index), { id, operation, seq: Number(seq) })
      const known = progress.get(Number(index))
      // Delivered even if its entry was read before: after a fail-over, the same number may stand for another change.
      if (known && Number(seq) > known.seq) known.received.add(Number(seq))
      listeners.notify({ ids: [id] })
    },
    reportResets() {
      reportsResets = true
    },
  }
}

/** The fields of an entry, each in front of its value: `q`, `i` and `o`. */
function toChange(fields: readonly Buffer[]): Change {
  const [, seq = '', , id = '', , operation = ''] = fields.map(String)
  return { seq: Number(seq), id, operation }
}
