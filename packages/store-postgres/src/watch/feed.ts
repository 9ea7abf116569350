import type { ChangeListener, Unwatch } from '@latchkey/core/store'
import type { PostgresClient } from '../client.js'
import { type Database, deadlineIn } from '../database.js'
import type { Environment } from '../environment.js'
import { keepListening, pauseAfter } from './notify.js'
import { newSubscription, poll, type Subscription, start } from './subscription.js'
import { createTrimmer } from './trim.js'

/** The changes of all watched environments: one poll for all of them, and one connection that listens. */
export interface Feed {
  watch(environment: Environment, listener: ChangeListener): Promise<Unwatch>
  close(): Promise<void>
}

/** So that changes whose notification is lost arrive within a second all the same. */
const POLL_EVERY_MS = 500
/** A frozen server raises no other sign. */
const POLL_TIMEOUT_MS = 400
/** After so long without a good poll changes may be late. */
const LAGGING_AFTER_MS = 1_000

export function createFeed(client: PostgresClient, database: Database): Feed {
  /** By the number of the environment. */
  const subscriptions = new Map<number, { readonly one: Subscription; readonly started: Promise<void> }>()
  const trimmer = createTrimmer(database)
  let timer: NodeJS.Timeout | undefined
  let isPolling = false
  /** There was a notification since the last poll began. */
  let isNotified = false
  let pausedUntil = 0
  let stopListening: (() => Promise<void>) | undefined

  function pollIn(pause: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => void pollNow(), pause).unref()
  }

  async function pollNow(): Promise<void> {
    clearTimeout(timer)
    const started = performance.now()
    const all = [...subscriptions.values()].map(({ one }) => one).filter(({ position }) => position !== undefined)
    isPolling = true
    isNotified = false
    const outcome = await poll(database, all, deadlineIn(POLL_TIMEOUT_MS)).catch(() => 'failed' as const)
    isPolling = false
    if (outcome !== 'failed') trimmer.trim(all)
    all.forEach(notifyLagging)
    const pause = pauseAfter(started)
    pausedUntil = performance.now() + pause
    if (subscriptions.size === 0) return
    if (outcome === 'more') pollIn(0)
    else pollIn(isNotified && outcome !== 'failed' ? pause : POLL_EVERY_MS)
  }

  function onNotified(env?: number): void {
    if (env !== undefined && !subscriptions.has(env)) return
    isNotified = true
    if (isPolling || subscriptions.size === 0) return
    const pause = pausedUntil - performance.now()
    if (pause > 0) pollIn(pause)
    else void pollNow()
  }

  function subscribe(environment: Environment) {
    const one = newSubscription(environment)
    const started = start(one, deadlineIn(environment.settings.manageTimeout))
    const entry = { one, started }
    subscriptions.set(environment.env, entry)
    stopListening ??= keepListening(client, database.schema.channel, onNotified)
    if (subscriptions.size === 1 && !isPolling) pollIn(POLL_EVERY_MS)
    return entry
  }

  async function unsubscribe(one: Subscription): Promise<void> {
    if (subscriptions.get(one.environment.env)?.one !== one) return
    subscriptions.delete(one.environment.env)
    if (subscriptions.size === 0) await stop()
  }

  async function stop(): Promise<void> {
    clearTimeout(timer)
    const stopping = stopListening
    stopListening = undefined
    await stopping?.()
  }

  return {
    async watch(environment, listener) {
      database.assertOpen()
      const { one, started } = subscriptions.get(environment.env) ?? subscribe(environment)
      const remove = one.listeners.add(listener)
      const unwatch = async () => {
        remove()
        if (one.listeners.size === 0) await unsubscribe(one)
      }
      try {
        await started
      } catch (error) {
        await unwatch()
        throw error
      }
      if (one.isLagging) listener('lagging')
      return unwatch
    },
    async close() {
      for (const { one } of subscriptions.values()) one.listeners.clear()
      subscriptions.clear()
      await stop()
    },
  }
}

function notifyLagging(one: Subscription): void {
  if (one.isLagging || performance.now() - one.confirmed <= LAGGING_AFTER_MS) return
  one.isLagging = true
  one.listeners.notify('lagging')
}
