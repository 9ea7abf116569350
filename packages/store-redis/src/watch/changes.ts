import type { ChangeListener, Unwatch } from '@latchkey/core/store'
import type { Keyspace } from '../keyspace.js'
import { createFollower, POLL_TIMEOUT_MS } from './follow.js'

/** The streams are polled so often that a change whose message is lost arrives within a second all the same. */
const POLL_INTERVAL_MS = 500
/** After so long without a good poll, changes may be late. */
const LAGGING_AFTER_MS = 1_000

export interface Changes {
  watch(listener: ChangeListener): Promise<Unwatch>
  close(): Promise<void>
}

/**
 * The changes of an environment for all its listeners: messages (pub/sub) bring a change at once but may be lost, the
 * streams are the truth and are polled. Runs while there are listeners.
 */
export function createChanges(keyspace: Keyspace): Changes {
  const { listeners } = keyspace
  let running: Promise<Watcher> | undefined

  async function stop(): Promise<void> {
    const stopping = await running
    running = undefined
    await stopping?.stop()
  }

  return {
    async watch(listener) {
      keyspace.connection.assertOpen()
      const remove = listeners.add(listener)
      running ??= startWatcher(keyspace)
      if ((await running).isLagging()) listener('lagging')
      return async () => {
        remove()
        if (listeners.size === 0) await stop()
      }
    },
    async close() {
      listeners.clear()
      await stop()
    },
  }
}

interface Watcher {
  isLagging(): boolean
  stop(): Promise<void>
}

/** Resolves after the first poll: every change from then on is told. */
async function startWatcher(keyspace: Keyspace): Promise<Watcher> {
  const follower = createFollower(keyspace)
  let stopped = false
  let lagging = false
  let confirmedAt = performance.now()
  let timer: NodeJS.Timeout | undefined
  let unsubscribe: (() => Promise<void>) | undefined
  let subscribing: Promise<void> | undefined
  let polling: Promise<void> | undefined

  function subscribe(): void {
    if (unsubscribe || subscribing) return
    subscribing = keyspace.connection.client
      .subscribe(keyspace.channel, follower.receive, () => void poll())
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
    const startedAt = performance.now()
    const outcomes = await Promise.allSettled(keyspace.dataset.shards.map(follower.poll))
    if (stopped) return
    if (outcomes.every(({ status }) => status === 'fulfilled')) {
      confirmedAt = startedAt
      if (lagging) keyspace.listeners.notify('live')
      lagging = false
    } else if (!lagging && performance.now() - confirmedAt > LAGGING_AFTER_MS) {
      lagging = true
      keyspace.listeners.notify('lagging')
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
    timer = setTimeout(() => void poll(), POLL_INTERVAL_MS)
    timer.unref()
  }

  // Subscribed first: a message brings what happens before the first poll, the streams what happens after it.
  subscribe()
  await Promise.race([subscribing, new Promise((resolve) => setTimeout(resolve, POLL_TIMEOUT_MS))])
  await poll()
  follower.begin()
  return {
    isLagging: () => lagging,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await unsubscribe?.()
    },
  }
}
