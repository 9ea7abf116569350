import type { ChangeEvent, ChangeListener, Unwatch } from '@latchkey/core/store'
import { createFollower, PATIENCE } from './follow.js'
import { placesOf, type Space } from './space.js'

/** The streams are read so often (ms), so that what the messages lose arrives within a second all the same. */
const INTERVAL = 500
/** After so long (ms) without a good poll changes may be late. */
const LAGGING_AFTER = 1_000

export interface Changes {
  watch(listener: ChangeListener): Promise<Unwatch>
  close(): Promise<void>
}

/**
 * The changes of an environment for all its listeners: messages (pub/sub) bring a change at once but may be lost, the
 * streams are the truth and are polled. Runs while there are listeners.
 */
export function createChanges(space: Space): Changes {
  const listeners = new Set<{ readonly listener: ChangeListener }>()
  let running: Promise<Running> | undefined

  function emit(event: ChangeEvent): void {
    for (const { listener } of listeners) {
      try {
        listener(event)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error))
      }
    }
  }

  const onReset = () => emit('reset')
  space.onReset.add(onReset)

  async function stop(): Promise<void> {
    const stopping = await running
    running = undefined
    await stopping?.stop()
  }

  return {
    async watch(listener) {
      space.link.assertOpen()
      const entry = { listener }
      listeners.add(entry)
      running ??= run(space, emit)
      if ((await running).isLagging()) listener('lagging')
      return async () => {
        if (listeners.delete(entry) && listeners.size === 0) await stop()
      }
    },
    async close() {
      listeners.clear()
      space.onReset.delete(onReset)
      await stop()
    },
  }
}

interface Running {
  isLagging(): boolean
  stop(): Promise<void>
}

/** Resolves after the first poll: what changes from then on is told. */
async function run(space: Space, emit: (event: ChangeEvent) => void): Promise<Running> {
  const follower = createFollower(space, emit)
  let stopped = false
  let lagging = false
  let confirmed = performance.now()
  let timer: NodeJS.Timeout | undefined
  let unsubscribe: (() => Promise<void>) | undefined
  let subscribing: Promise<void> | undefined
  let polling: Promise<void> | undefined

  function subscribe(): void {
    if (unsubscribe || subscribing) return
    subscribing = space.link.client
      .subscribe(space.channel, follower.hear, () => void poll())
      .then(async (end) => {
        unsubscribe = end
        if (stopped) await end()
      })
      .catch(() => {
        // Tried again with the next poll; until then the streams alone bring the changes.
      })
      .finally(() => {
        subscribing = undefined
      })
  }

  async function pollAll(): Promise<void> {
    const started = performance.now()
    const outcomes = await Promise.allSettled(placesOf(space).map(follower.poll))
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

  // Subscribed first: what happens before the first poll is then heard, what happens after it is in the streams.
  subscribe()
  await Promise.race([subscribing, new Promise((resolve) => setTimeout(resolve, PATIENCE))])
  await poll()
  follower.begin()
  return {
    isLagging: () => lagging,
    async stop() {
      stopped = true
      clearTimeout(timer)
      follower.clear()
      await unsubscribe?.()
    },
  }
}
