import type { ChangeEvent, ChangeListener, Unwatch } from '@latchkey/core'
import type { Deadline } from './link.js'
import { POLL } from './scripts/poll.js'
import { type Place, placesOf, reset, type Space } from './space.js'

/** The stream is read so often, so that what the messages lose arrives within a second all the same. */
const INTERVAL = 500
/** A poll has to answer within this time: a silent server raises no other sign. */
const PATIENCE = 400
/** After so long without a good poll changes may be late. */
const LAGGING_AFTER = 1_000
/** How many entries one poll reads; see scripts/poll.ts. */
const PAGE = 1_000

/** How far a shard's stream was followed. */
interface Progress {
  /** Id of the last known entry; undefined: start from what is there now. */
  id: string | undefined
  seq: number
  /** Numbers behind `seq` that a message already brought. */
  readonly heard: Set<number>
}

export interface Changes {
  watch(listener: ChangeListener): Promise<Unwatch>
  close(): Promise<void>
}

/**
 * Follows the changes of an environment for all its listeners. Messages (pub/sub) bring a change at once but may be lost;
 * the stream, with its gapless sequence, is the truth. A gap, a sequence that went back and another data set are `reset`.
 */
export function createChanges(space: Space): Changes {
  const listeners = new Set<{ readonly listener: ChangeListener }>()
  const progress = new Map<number, Progress>()
  let running: { stop(): Promise<void> } | undefined
  let lagging = false

  function emit(event: ChangeEvent): void {
    for (const entry of listeners) {
      try {
        entry.listener(event)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error))
      }
    }
  }

  const onReset = () => emit('reset')
  space.onReset.add(onReset)

  function onMessage(message: string): void {
    const [shard = '', seq = '', change = '', id = ''] = message.split(' ')
    note(Number(shard), Number(seq), change, id)
    progress.get(Number(shard))?.heard.add(Number(seq))
    emit({ ids: [id] })
  }

  function note(shard: number, seq: number, change: string, id: string): void {
    space.witness.note(shard, id.slice(id.indexOf('.') + 1), change, seq)
  }

  async function pollShard({ shard, keys }: Place, first: boolean): Promise<void> {
    const known = progress.get(shard) ?? { id: undefined, seq: 0, heard: new Set() }
    const floor = space.witness.seq(shard)
    const reply = await space.link.script(POLL, [keys.meta, keys.seq, keys.log], [known.id ?? ''], deadline())
    const [meta, seqText, entries] = reply as [Buffer, Buffer, [Buffer, Buffer[]][]]
    const seq = Number(seqText)
    if (!meta.equals(space.identity.text)) {
      progress.delete(shard)
      // Once: until the data set is back, there is nothing to forget any more.
      if (known.id !== undefined) reset(space)
      throw new Error('another data set')
    }
    const lost = space.witness.read(shard, seq, floor)
    if (known.id === undefined) {
      progress.set(shard, { id: String(entries[0]?.[0] ?? '0-0'), seq, heard: new Set() })
      if (!first || lost) reset(space)
      return
    }
    const ids: string[] = []
    let last = known.seq
    let gap = lost || seq < known.seq
    for (const [, fields] of entries) {
      const { q = '', i = '', o = '' } = toObject(fields)
      gap ||= Number(q) !== last + 1
      last = Number(q)
      note(shard, last, o, i)
      if (!known.heard.delete(last)) ids.push(i)
    }
    const more = entries.length === PAGE
    gap ||= !more && last !== seq
    if (gap) {
      progress.delete(shard)
      return pollShard({ shard, keys }, false)
    }
    progress.set(shard, { id: String(entries.at(-1)?.[0] ?? known.id), seq: last, heard: known.heard })
    if (ids.length > 0) emit({ ids })
    if (more) await pollShard({ shard, keys }, false)
  }

  async function start(): Promise<{ stop(): Promise<void> }> {
    let stopped = false
    let confirmed = performance.now()
    let first = true
    let timer: NodeJS.Timeout | undefined
    let unsubscribe: (() => Promise<void>) | undefined
    let subscribing: Promise<void> | undefined
    let polling: Promise<void> | undefined

    function subscribe(): void {
      if (unsubscribe || subscribing) return
      subscribing = space.link.client
        .subscribe(space.channel, onMessage, () => void poll())
        .then(async (end) => {
          unsubscribe = end
          if (stopped) await end()
        })
        .catch(() => {
          // Tried again with the next poll; until then the stream alone brings the changes.
        })
        .finally(() => {
          subscribing = undefined
        })
    }

    async function pollAll(): Promise<void> {
      const started = performance.now()
      const outcomes = await Promise.allSettled(placesOf(space).map(async (place) => pollShard(place, first)))
      first = false
      if (stopped) return
      if (outcomes.every(({ status }) => status === 'fulfilled')) {
        confirmed = started
        if (lagging) emit('live')
        lagging = false
      } else if (!lagging && performance.now() - confirmed > LAGGING_AFTER) {
        lagging = true
        emit('lagging')
      }
    }

    async function poll(): Promise<void> {
      clearTimeout(timer)
      if (stopped) return
      polling ??= pollAll().finally(() => {
        polling = undefined
      })
      await polling
      if (stopped) return
      subscribe()
      clearTimeout(timer)
      timer = setTimeout(() => void poll(), INTERVAL)
      timer.unref()
    }

    // Subscribed first: what happens before the first poll is then heard, what happens after it is in the stream.
    subscribe()
    await Promise.race([subscribing, new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())])
    await poll()
    return {
      stop: async () => {
        stopped = true
        clearTimeout(timer)
        progress.clear()
        await unsubscribe?.()
      },
    }
  }

  let starting: Promise<{ stop(): Promise<void> }> | undefined

  async function stop(): Promise<void> {
    const current = running ?? (await starting)
    running = undefined
    starting = undefined
    await current?.stop()
  }

  return {
    async watch(listener) {
      space.link.assertOpen()
      const entry = { listener }
      listeners.add(entry)
      starting ??= start()
      running = await starting
      if (lagging) listener('lagging')
      return async () => {
        if (!listeners.delete(entry) || listeners.size > 0) return
        await stop()
      }
    },
    async close() {
      listeners.clear()
      space.onReset.delete(onReset)
      await stop()
    },
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
