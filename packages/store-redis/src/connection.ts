import { StoreError, storeClosed } from '@latchkey/core/store'
import { type Argument, type RedisClient, replyCode } from './clients/client.js'
import type { Settings } from './options.js'
import type { Script } from './scripts/script.js'

/** The end of one operation, however many commands it takes. */
export interface Deadline {
  /** `performance.now()` at the end. */
  readonly end: number
  readonly ms: number
  /** How often a lost connection is tried again. */
  readonly reconnects: number
}

export function readDeadline({ readTimeout }: Settings): Deadline {
  return startDeadline(readTimeout, 2)
}

export function manageDeadline({ manageTimeout }: Settings): Deadline {
  return startDeadline(manageTimeout, Number.POSITIVE_INFINITY)
}

export function startDeadline(ms: number, reconnects: number): Deadline {
  return { end: performance.now() + ms, ms, reconnects }
}

export function msLeft({ end }: Deadline): number {
  return end - performance.now()
}

/** The host's client with deadlines, retries and a script cache. Rejects with `StoreError` only. */
export interface Connection {
  readonly client: RedisClient
  /** `key` routes; in a Cluster all keys of a command share a slot. An error reply with the code `unretried` rejects at once. */
  command(key: string, args: readonly Argument[], deadline: Deadline, unretried?: string): Promise<unknown>
  script(script: Script, keys: readonly string[], args: readonly Argument[], deadline: Deadline): Promise<unknown>
  /** How many replicas have what was written to the shard of `key` through this connection, after at most `timeout` ms. */
  wait(key: string, timeout: number, deadline: Deadline): Promise<number>
  close(): void
  assertOpen(): void
}

/** Error replies of a command that did nothing and may succeed soon. */
const RETRIED = new Set([
  'BUSY',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'READONLY',
  'MOVED',
  'ASK',
  'KILLED',
])
const MIN_PAUSE_MS = 8
const MAX_PAUSE_MS = 200

export function createConnection(client: RedisClient): Connection {
  let closed = false

  function assertOpen(): void {
    if (closed) throw storeClosed()
  }

  /** Until it succeeds, fails for good, or the deadline comes. Error replies that pass are retried until then. */
  async function retry<T>(run: () => Promise<T>, deadline: Deadline, unretried?: string): Promise<T> {
    let reconnects = 0
    for (let pause = MIN_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      assertOpen()
      try {
        return await withDeadline(run, deadline)
      } catch (error) {
        const code = replyCode(error)
        const mayPass =
          code === undefined
            ? !(error instanceof TimeoutError) && reconnects++ < deadline.reconnects
            : RETRIED.has(code) && code !== unretried
        const wait = pause * (0.5 + Math.random())
        if (!mayPass || wait >= msLeft(deadline)) throw storeError(error, code)
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  return {
    client,
    // No timeout for the client: a read that is sent late does no harm, and with node-redis a timer is a third of its time.
    command: async (key, args, deadline, unretried) =>
      retry(async () => client.command(key, args, 0), deadline, unretried),
    async script({ sha, source }, keys, args, deadline) {
      const [key = ''] = keys
      const rest = [String(keys.length), ...keys, ...args]
      const run = async (command: string, text: string) =>
        retry(async () => client.command(key, [command, text, ...rest], msLeft(deadline)), deadline)
      try {
        return await run('EVALSHA', sha)
      } catch (error) {
        // A new server, or SCRIPT FLUSH: sent with its source once, the script is cached again.
        if (causeCode(error) !== 'NOSCRIPT') throw error
        return run('EVAL', source)
      }
    },
    // Redis answers at the timeout; the deadline moves by as much, for the way.
    wait: async (key, timeout, deadline) =>
      retry(async () => client.wait(key, 1, timeout), { ...deadline, end: deadline.end + timeout }),
    close: () => {
      closed = true
    },
    assertOpen,
  }
}

/** The clients' errors carry the whole command, and so hashes; only the sentence goes on, without quoted arguments. */
function storeError(error: unknown, code = 'CONNECTION'): StoreError {
  const text = error instanceof Error ? error.message || error.constructor.name : String(error)
  const sentence = text.split(/,? with args beginning/, 1)[0]?.slice(0, 200) ?? ''
  return new StoreError('ERR_STORE', `Redis: ${sentence}`, { cause: Object.assign(new Error(sentence), { code }) })
}

/** The code word of the error reply behind a `StoreError`; `CONNECTION` if there was no reply. */
export function causeCode(error: unknown): string | undefined {
  return error instanceof StoreError ? (error.cause as { code?: string } | undefined)?.code : undefined
}

class TimeoutError extends Error {}

/** What `run` resolves to; rejects with a `TimeoutError` at the deadline. */
async function withDeadline<T>(run: () => Promise<T>, deadline: Deadline): Promise<T> {
  const left = msLeft(deadline)
  const late = () => new TimeoutError(`no answer within ${deadline.ms} ms`)
  if (left <= 0) throw late()
  return new Promise<T>((resolve, reject) => {
    // One turn later: after a blocked event loop, an answer that is already there comes first.
    const timer = setTimeout(() => setImmediate(() => reject(late())), left)
    run()
      .finally(() => clearTimeout(timer))
      .then(resolve, reject)
  })
}
