import {
  type ChangeListener,
  createListeners,
  type Deadline,
  deadlineIn,
  type Listeners,
  type Unwatch,
} from '@latchkey/core/store'
import type { PostgresClient, PostgresRow } from '../client.js'
import type { Database } from '../database.js'
import { type Environment, manageDeadline } from '../environment.js'
import { newestPosition, PAGE, type Position, positionOf, readChanges, trimChanges } from './change-table.js'
import { keepListening, pauseAfter } from './notify.js'

/** The changes of all watched environments: one poll for all of them, and one connection that listens. */
export interface Feed {
  watch(environment: Environment, listener: ChangeListener): Promise<Unwatch>
  close(): Promise<void>
}

/** One environment whose changes are delivered. */
interface Subscription {
  readonly environment: Environment
  readonly listeners: Listeners
  /** The newest change that was delivered; undefined until it is known where to begin. */
  position: Position | undefined
  /** `performance.now()` when the last poll began that read all changes. */
  confirmedAt: number
  /** The data set is another one, and the listeners know. */
  isForeign: boolean
  /** `performance.now()` when old changes are to be trimmed. First at once: hosts that restart often trim too. */
  trimAt: number
}

/** So that changes whose notification is lost arrive within a second all the same. */
const POLL_EVERY_MS = 500
/** A frozen server raises no other sign. */
const POLL_TIMEOUT_MS = 400
/** After so long without a good poll changes may be late. */
const LAGGING_AFTER_MS = 1_000
/** On average, in each process. */
const TRIM_EVERY_MS = 60_000

export function createFeed(client: PostgresClient, database: Database): Feed {
  /** By the number of the environment. */
  const subscriptions = new Map<number, { readonly subscription: Subscription; readonly started: Promise<void> }>()
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
    const all = [...subscriptions.values()]
      .map(({ subscription }) => subscription)
      .filter(({ position }) => position !== undefined)
    isPolling = true
    isNotified = false
    const outcome = await poll(database, all, deadlineIn(POLL_TIMEOUT_MS)).catch(() => 'failed' as const)
    isPolling = false
    if (outcome !== 'failed') all.forEach(trimIfDue)
    const isLate = ({ confirmedAt }: Subscription) => performance.now() - confirmedAt > LAGGING_AFTER_MS
    for (const { listeners } of all.filter(isLate)) listeners.notify('lagging')
    const pause = pauseAfter(started)
    pausedUntil = performance.now() + pause
    if (subscriptions.size === 0) return
    if (outcome === 'more') pollIn(0)
    else if (outcome === 'failed') pollIn(Math.max(POLL_EVERY_MS - (performance.now() - started), 0))
    else pollIn(isNotified ? pause : POLL_EVERY_MS)
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
    const subscription: Subscription = {
      environment,
      listeners: createListeners(),
      position: undefined,
      confirmedAt: performance.now(),
      isForeign: false,
      trimAt: 0,
    }
    const entry = { subscription, started: start(subscription) }
    subscriptions.set(environment.env, entry)
    stopListening ??= keepListening(client, database.schema.channel, onNotified)
    if (subscriptions.size === 1 && !isPolling) pollIn(POLL_EVERY_MS)
    return entry
  }

  async function unsubscribe(subscription: Subscription): Promise<void> {
    const { env } = subscription.environment
    if (subscriptions.get(env)?.subscription !== subscription) return
    subscriptions.delete(env)
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
      const { subscription, started } = subscriptions.get(environment.env) ?? subscribe(environment)
      const remove = subscription.listeners.add(listener)
      const unwatch = async () => {
        remove()
        if (subscription.listeners.size === 0) await unsubscribe(subscription)
      }
      try {
        await started
      } catch (error) {
        await unwatch()
        throw error
      }
      return unwatch
    },
    async close() {
      for (const { subscription } of subscriptions.values()) subscription.listeners.clear()
      subscriptions.clear()
      await stop()
    },
  }
}

/** Resolves when every change from then on will be delivered. */
async function start(subscription: Subscription): Promise<void> {
  subscription.position = await newestPosition(subscription.environment, manageDeadline(subscription.environment))
}

/** Delivers what is new, and resolves to whether there is more. Rejects if it could not be read. */
async function poll(database: Database, all: readonly Subscription[], deadline: Deadline): Promise<'more' | 'all'> {
  const started = performance.now()
  const wanted = all.map(({ environment: { env, dataset }, position }) => ({ env, dataset, seq: position?.seq }))
  const rows = await readChanges(database, wanted, deadline)
  let hasMore = false
  for (const subscription of all) {
    const own = rows.filter(({ env }) => Number(env) === subscription.environment.env)
    if (!(await deliver(subscription, own, deadline))) continue
    hasMore ||= own.length > PAGE
    subscription.confirmedAt = started
    subscription.listeners.notify('live')
  }
  return hasMore ? 'more' : 'all'
}

/** Takes the rows of `readChanges`. Resolves to whether the environment could be read. */
async function deliver(subscription: Subscription, rows: readonly PostgresRow[], deadline: Deadline): Promise<boolean> {
  const [lastKnown, ...changes] = rows
  if (lastKnown === undefined || lastKnown.replica === true) return false
  if (lastKnown.found !== true) {
    if (!subscription.isForeign) subscription.listeners.notify('reset')
    subscription.isForeign = true
    return false
  }
  subscription.isForeign = false
  const { seq, nonce } = positionOf(lastKnown)
  if (seq !== subscription.position?.seq || nonce !== subscription.position.nonce) {
    subscription.position = await newestPosition(subscription.environment, deadline)
    subscription.listeners.notify('reset')
    return true
  }
  const last = changes.at(-1)
  if (last === undefined) return true
  subscription.position = positionOf(last)
  subscription.listeners.notify({ ids: changes.map(({ id }) => String(id)) })
  return true
}

/** Does not wait. What fails is tried again when it is due next. */
function trimIfDue(subscription: Subscription): void {
  if (subscription.trimAt > performance.now()) return
  subscription.trimAt = performance.now() + TRIM_EVERY_MS * (0.5 + Math.random())
  const trimming = trimChanges(subscription.environment).then((isMore) => {
    if (isMore) subscription.trimAt = 0
  })
  trimming.catch(() => undefined)
}
