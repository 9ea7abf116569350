import type { ChangeListener, Unwatch } from '@latchkey/core/store'
import { replyCode } from '../clients/client.js'
import type { Keyspace } from '../keyspace.js'
import { createChangeLog } from './change-log.js'

/** The streams are polled so often that a change whose message is lost arrives within a second all the same. */
const POLL_INTERVAL_MS = 500
/** After so long without a good poll, changes may be late. */
const LAGGING_AFTER_MS = 1_000

/** The first poll waits so long for the subscription. */
const SUBSCRIBE_WAIT_MS = 400
/** A subscription that was refused is not tried again for so long. */
const REFUSED_PAUSE_MS = 30_000

export interface Feed {
  watch(listener: ChangeListener): Promise<Unwatch>
  close(): Promise<void>
}

/**
 * The changes of an environment for all its listeners: messages (pub/sub) bring a change at once but may be lost, the
 * streams are the truth and are polled. Runs while there are listeners.
 */
export function createFeed(keyspace: Keyspace): Feed {
  const { listeners } = keyspace
  /** Resolves to the function that stops the following. */
  let following: Promise<() => Promise<void>> | undefined

  async function stop(): Promise<void> {
    const end = await following
    following = undefined
    await end?.()
  }

  return {
    async watch(listener) {
      const remove = listeners.add(listener)
      following ??= follow(keyspace)
      await following
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

/** Resolves after the first poll, with the function that ends it: every change from then on is delivered. */
async function follow(keyspace: Keyspace): Promise<() => Promise<void>> {
  const log = createChangeLog(keyspace)
  let stopped = false
  let confirmedAt = performance.now()
  let timer: NodeJS.Timeout | undefined
  let unsubscribe: (() => Promise<void>) | undefined
  let subscribing: Promise<void> | undefined
  let polling: Promise<void> | undefined
  let refusedAt = Number.NEGATIVE_INFINITY

  function subscribe(): void {
    if (unsubscribe || subscribing || performance.now() - refusedAt < REFUSED_PAUSE_MS) return
    subscribing = keyspace.connection.client
      .subscribe(keyspace.channel, log.receive, () => void poll())
      .then(async (end) => {
        unsubscribe = end
        if (stopped) await end()
      })
      .catch((error: unknown) => {
        // Tried again with a later poll; until then the streams alone bring the changes.
        if (replyCode(error) !== 'NOPERM') return
        refusedAt = performance.now()
        warnOfChannel(keyspace)
      })
      .finally(() => {
        subscribing = undefined
      })
  }

  async function pollAll(): Promise<void> {
    const startedAt = performance.now()
    const outcomes = await Promise.allSettled(keyspace.dataset.shards.map(log.poll))
    if (stopped) return
    const isGood = outcomes.every(({ status }) => status === 'fulfilled')
    if (isGood) confirmedAt = startedAt
    if (isGood) keyspace.listeners.notify('live')
    else if (performance.now() - confirmedAt > LAGGING_AFTER_MS) keyspace.listeners.notify('lagging')
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
    timer = setTimeout(() => void poll(), POLL_INTERVAL_MS).unref()
  }

  // Subscribed before the first poll, so that nothing between the two is missed: a message brings it at once, and the
  // next poll anyway. A subscription that takes long is not waited for.
  subscribe()
  await Promise.race([subscribing, new Promise((resolve) => setTimeout(resolve, SUBSCRIBE_WAIT_MS))])
  await poll()
  log.reportResets()
  return async () => {
    stopped = true
    clearTimeout(timer)
    await unsubscribe?.()
  }
}

const warned = new WeakSet<object>()

/** Once for each client of the store. */
function warnOfChannel({ connection, channel, name, settings }: Keyspace): void {
  if (warned.has(connection.client)) return
  warned.add(connection.client)
  const sentence = `Redis of ${name}: this role may not use the channel ${channel}, so changes arrive by polling, within a second.`
  process.emitWarning(`${sentence} Allow it: ACL SETUSER … &{${settings.prefix}:*`, { code: 'LATCHKEY_REDIS' })
}
