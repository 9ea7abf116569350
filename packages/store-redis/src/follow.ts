import type { ChangeEvent } from '@latchkey/core/store'
import type { Deadline } from './link.js'
import { POLL } from './scripts/poll.js'
import { type Place, reset, type Space } from './space.js'

/** A poll has to answer within this time (ms): a silent server raises no other sign. */
export const PATIENCE = 400
/** How many entries one poll reads; see scripts/poll.ts. */
const PAGE = 1_000

/** How far a shard's stream was followed. */
interface Progress {
  /** Id of the last known entry; undefined: start from what is there now. */
  readonly id: string | undefined
  readonly seq: number
  /** Numbers behind `seq` that a message already brought. */
  readonly heard: Set<number>
}

export interface Follower {
  /** Reads what is new in a shard's stream. Rejects if it cannot be read or belongs to another data set. */
  poll(place: Place): Promise<void>
  /** A message from the channel. */
  hear(message: string): void
  /** From now on a stream that has to be followed anew is a `reset`. */
  begin(): void
  clear(): void
}

/**
 * Follows the streams of an environment. The sequence of a shard has no gaps; a gap, a sequence that went back and another
 * data set are a `reset`.
 */
export function createFollower(space: Space, emit: (event: ChangeEvent) => void): Follower {
  const progress = new Map<number, Progress>()
  let begun = false

  function note(shard: number, seq: number, change: string, id: string): void {
    space.witness.note(shard, id.slice(id.indexOf('.') + 1), change, seq)
  }

  async function poll(place: Place): Promise<void> {
    const { shard, keys } = place
    const known = progress.get(shard)
    const floor = space.witness.seq(shard)
    const reply = await space.link.script(POLL, [keys.meta, keys.seq, keys.log], [known?.id ?? ''], deadline())
    const [meta, seqText, entries] = reply as [Buffer, Buffer, [id: Buffer, fields: Buffer[]][]]
    const seq = Number(seqText)
    if (!meta.equals(space.identity.text)) {
      // Told once: until the data set is back, there is nothing more to forget.
      if (progress.delete(shard)) reset(space)
      throw new Error('another data set')
    }
    const lost = space.witness.read(shard, seq, floor)
    if (known === undefined) {
      progress.set(shard, { id: String(entries[0]?.[0] ?? '0-0'), seq, heard: new Set() })
      if (begun || lost) reset(space)
      return
    }
    const { ids, last, isGapless } = read(place, known, entries)
    const more = entries.length === PAGE
    if (lost || !isGapless || seq < known.seq || (!more && last !== seq)) {
      progress.delete(shard)
      return poll(place)
    }
    progress.set(shard, { id: String(entries.at(-1)?.[0] ?? known.id), seq: last, heard: known.heard })
    if (ids.length > 0) emit({ ids })
    if (more) await poll(place)
  }

  function read({ shard }: Place, known: Progress, entries: readonly [Buffer, Buffer[]][]) {
    const ids: string[] = []
    let last = known.seq
    let isGapless = true
    for (const [, fields] of entries) {
      const { q = '', i = '', o = '' } = toObject(fields)
      isGapless &&= Number(q) === last + 1
      last = Number(q)
      note(shard, last, o, i)
      if (!known.heard.delete(last)) ids.push(i)
    }
    return { ids, last, isGapless }
  }

  return {
    poll,
    hear(message) {
      const [shard = '', seq = '', change = '', id = ''] = message.split(' ')
      note(Number(shard), Number(seq), change, id)
      const known = progress.get(Number(shard))
      // One that comes behind its own entry is told again: it may also be the first of another data set.
      if (known && Number(seq) > known.seq) known.heard.add(Number(seq))
      emit({ ids: [id] })
    },
    begin() {
      begun = true
    },
    clear: () => progress.clear(),
  }
}

function deadline(): Deadline {
  return { end: performance.now() + PATIENCE, ms: PATIENCE, reconnects: 2 }
}

function toObject(fields: readonly Buffer[]): Record<string, string> {
  const result: Record<string, string> = {}
  for (let i = 0; i + 1 < fields.length; i += 2) result[String(fields[i])] = String(fields[i + 1])
  return result
}
