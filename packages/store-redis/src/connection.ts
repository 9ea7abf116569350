import {
  causeCode,
  type Deadline,
  deadlineIn,
  driverFailure,
  msLeft,
  retryUntil,
  storeClosed,
} from '@latchkey/core/store'
import { type Argument, type RedisClient, replyCode } from './clients/client.js'
import type { Settings } from './options.js'
import type { Script } from './scripts/script.js'

/** How often a point read tries a lost connection again, before it fails ahead of its deadline. */
export const READ_RECONNECTS = 2

/** The end of one operation. */
export interface RedisDeadline extends Deadline {
  /** How often a lost connection is tried again. */
  readonly reconnects: number
}

export function readDeadline({ readTimeout }: Settings): RedisDeadline {
  return { ...deadlineIn(readTimeout), reconnects: READ_RECONNECTS }
}

export function manageDeadline({ manageTimeout }: Settings, signal?: AbortSignal): RedisDeadline {
  return { ...deadlineIn(manageTimeout, signal), reconnects: Number.POSITIVE_INFINITY }
}

/** The host's client with deadlines, retries and cached scripts. Rejects with `StoreError` or the signal's reason. */
export interface Connection {
  readonly client: RedisClient
  /** `key` routes: in a Cluster all keys of a command share a slot. An error reply of the code `unretried` is final. */
  command(key: string, args: readonly Argument[], deadline: RedisDeadline, unretried?: string): Promise<unknown>
  script(script: Script, keys: readonly string[], args: readonly Argument[], deadline: RedisDeadline): Promise<unknown>
  /** How many replicas have what this connection wrote to the shard of `key`, after at most `timeout` ms. */
  wait(key: string, timeout: number, deadline: RedisDeadline): Promise<number>
  close(): void
  assertOpen(): void
}

/** Error replies of a command that did nothing and may succeed soon. */
const PASSING = new Set([
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

/** The clients' errors quote the whole command behind the sentence. */
const END_OF_SENTENCE = /\n|,? with args beginning/

export function createConnection(client: RedisClient): Connection {
  let closed = false

  function assertOpen(): void {
    if (closed) throw storeClosed()
  }

  async function retry<T>(send: () => Promise<T>, deadline: RedisDeadline, unretried?: string): Promise<T> {
    let reconnects = 0
    const mayPass = (error: unknown) => {
      const code = replyCode(error)
      return code === undefined ? reconnects++ < deadline.reconnects : PASSING.has(code) && code !== unretried
    }
    const attempt = async () => {
      assertOpen()
      return send()
    }
    try {
      return await retryUntil(deadline, attempt, mayPass)
    } catch (error) {
      deadline.signal?.throwIfAborted()
      throw driverFailure('Redis', error, replyCode(error), END_OF_SENTENCE)
    }
  }

  return {
    client,
    // No timeout for the client: a read that is sent late does no harm, and with node-redis a timer is a third of its
    // time.
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
