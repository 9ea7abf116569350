import { deadlineIn } from '@latchkey/core/store'
import type { PostgresClient, Unlisten } from '../client.js'
import { type Database, prepared } from '../database.js'

/** Tells the feeds of all processes to poll now. A notification may be late or lost: a feed polls anyway. */
export interface Notifier {
  /** Does not wait. Notifications of one environment become one while another is on its way. */
  notify(env: number): void
}

const NOTIFY_TIMEOUT_MS = 1_000
const LISTEN_AGAIN_MS = 1_000
/** To leave the server its time, notifications and the polls after them pause for so many times their own duration. */
const PAUSE_FACTOR = 3

/**
 * Sent after the change, not with it: a notification takes a lock of the whole cluster until its commit is flushed.
 * This one is not flushed.
 */
const NOTIFY = prepared(() => `select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)`)

export function createNotifier(database: Database): Notifier {
  const pending = new Set<number>()
  let isSending = false

  async function sendAll(): Promise<void> {
    isSending = true
    for (const env of pending) {
      pending.delete(env)
      const started = performance.now()
      await database
        .query(NOTIFY, [database.schema.channel, String(env)], deadlineIn(NOTIFY_TIMEOUT_MS))
        .catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, pauseAfter(started)).unref())
    }
    isSending = false
  }

  return {
    notify(env) {
      pending.add(env)
      if (!isSending) void sendAll()
    },
  }
}

/** How long to pause, in ms, after what began at `started`. */
export function pauseAfter(started: number): number {
  return (performance.now() - started) * PAUSE_FACTOR
}

/**
 * Calls `onNotified` with the environment of each notification, and without one when some may have been missed. Listens
 * again after each loss, until the returned function is called.
 */
export function keepListening(
  client: PostgresClient,
  channel: string,
  onNotified: (env?: number) => void,
): () => Promise<void> {
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  let unlisten: Unlisten | undefined

  function listenLater(): void {
    unlisten = undefined
    if (!isStopped) timer = setTimeout(() => void listen(), LISTEN_AGAIN_MS).unref()
  }

  async function listen(): Promise<void> {
    const onMessage = (payload?: string) => onNotified(Number(payload))
    try {
      unlisten = await client.listen?.(channel, onMessage, listenLater)
      if (isStopped) await unlisten?.()
      else onNotified()
    } catch {
      listenLater()
    }
  }

  if (client.listen) void listen()
  return async () => {
    isStopped = true
    clearTimeout(timer)
    await unlisten?.()
  }
}
