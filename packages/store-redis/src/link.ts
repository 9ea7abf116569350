import { StoreError } from '@latchkey/core/store'
import { type Argument, type RedisClient, replyCode } from './client.js'
import type { Script } from './scripts/script.js'

/** The end of one operation, however many commands it takes. */
export interface Deadline {
  /** `performance.now()` at the end. */
  readonly end: number
  readonly ms: number
  /** How often a lost connection is tried again; replies that ask for patience are retried until the end. */
  readonly reconnects: number
  /** A reply that is to be handed on at once instead of being retried. */
  readonly handOn?: string
}

/** A RedisClient with deadlines, retries and the script cache. Rejects with `StoreError` only. */
export interface Link {
  readonly client: RedisClient
  /** The first key routes; in a Cluster all keys of a command share a slot. */
  command(key: string, args: readonly Argument[], deadline: Deadline): Promise<unknown>
  script(script: Script, keys: readonly string[], args: readonly Argument[], deadline: Deadline): Promise<unknown>
  /** How many replicas have what was written through this link, after at most so many milliseconds. */
  wait(key: string, timeout: number, deadline: Deadline): Promise<number>
  close(): void
  assertOpen(): void
}

/** Replies after which nothing was done, and which pass: worth trying again. */
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

export function createLink(client: RedisClient): Link {
  let closed = false

  function assertOpen(): void {
    if (closed) throw new StoreError('ERR_STORE', 'The store was closed.')
  }

  async function persist(run: (left: number) => Promise<unknown>, deadline: Deadline): Promise<unknown> {
    let pause = 4
    let reconnects = 0
    for (;;) {
      assertOpen()
      const left = deadline.end - performance.now()
      try {
        return await within(run, left, deadline)
      } catch (error) {
        const code = replyCode(error)
        const again =
          code === undefined
            ? !(error instanceof Overdue) && reconnects++ < deadline.reconnects
            : PASSING.has(code) && code !== deadline.handOn
        pause = Math.min(pause * 2, 200)
        const wait = pause * (0.5 + Math.random())
        if (!again || performance.now() + wait >= deadline.end) throw storeError(error, code)
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }

  return {
    client,
    // Reads: sent late they do no harm, and a timer less is a third of their time with node-redis.
    command: async (key, args, deadline) => persist(async () => client.command(key, args, 0), deadline),
    async script({ sha, source }, keys, args, deadline) {
      const [key = ''] = keys
      const rest = [String(keys.length), ...keys, ...args]
      try {
        return await persist(async (left) => client.command(key, ['EVALSHA', sha, ...rest], left), deadline)
      } catch (error) {
        // A new server, or SCRIPT FLUSH: the source goes along once, and is cached again.
        if (causeCode(error) !== 'NOSCRIPT') throw error
        return persist(async (left) => client.command(key, ['EVAL', source, ...rest], left), deadline)
      }
    },
    // Redis answers at the timeout; the time on top is for the way.
    wait: async (key, timeout, deadline) =>
      Number(await persist(async () => client.wait(key, 1, timeout), { ...deadline, end: deadline.end + timeout })),
    close: () => {
      closed = true
    },
    assertOpen,
  }
}

class Overdue extends Error {}

async function within<T>(run: (left: number) => Promise<T>, left: number, { ms }: Deadline): Promise<T> {
  if (left <= 0) throw new Overdue(`no answer within ${ms} ms`)
  return new Promise<T>((resolve, reject) => {
    // One turn later: after a blocked event loop, an answer that is already there comes first.
    const timer = setTimeout(() => setImmediate(() => reject(new Overdue(`no answer within ${ms} ms`))), left)
    run(left).then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** The clients' errors carry the whole command, and so hashes; only the sentence goes on, without quoted arguments. */
function storeError(error: unknown, code: string | undefined): StoreError {
  const text = error instanceof Error ? error.message || error.constructor.name : String(error)
  const sentence = text.split(/,? with args beginning/, 1)[0]?.slice(0, 200) ?? ''
  const cause = Object.assign(new Error(sentence), { code: code ?? 'CONNECTION' })
  return new StoreError('ERR_STORE', `Redis: ${sentence}`, { cause })
}

/** The code word of the reply behind a StoreError; `CONNECTION` if there was no reply. */
export function causeCode(error: unknown): string | undefined {
  return error instanceof StoreError ? (error.cause as { code?: string } | undefined)?.code : undefined
}
