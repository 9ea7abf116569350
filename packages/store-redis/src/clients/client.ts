/** One part of a command. */
export type Argument = string | Buffer

/**
 * What the store needs of a Redis client. `nodeRedis(client)` and `ioredis(client)` make one of the host's own client.
 * It only sends commands: deadlines, retries and the script cache are the store's.
 */
export interface RedisClient {
  readonly cluster: boolean
  /**
   * Sends one command to the master that owns `key` and follows redirections. Bulk strings arrive as Buffers, a missing
   * value as null. An error reply rejects with an error whose message is the reply, such as `NOSCRIPT No matching …`.
   * `timeout` (ms, 0 for none) is a hint: a command that was not sent by then need not be sent any more.
   */
  command(key: string, args: readonly Argument[], timeout: number): Promise<unknown>
  /** `WAIT` on the connection that `command` uses for `key`: how many replicas have all that was written through it. */
  wait(key: string, replicas: number, timeout: number): Promise<number>
  /**
   * Calls `onMessage` for each message of the channel, and `onReady` whenever messages may have been lost before.
   * Resolves, once subscribed, to a function that ends the subscription.
   */
  subscribe(channel: string, onMessage: (message: string) => void, onReady: () => void): Promise<() => Promise<void>>
  /** Settings of the host's client that slow down recovery, one sentence each. */
  warnings(): string[]
}

/** Throws a `TypeError` that says what to pass, unless the client has these methods. `hint`: why one may be missing. */
export function assertMethods(call: string, client: unknown, names: readonly string[], hint = ''): void {
  const members = (typeof client === 'object' && client !== null ? client : {}) as Record<string, unknown>
  const missing = names.find((name) => typeof members[name] !== 'function')
  if (missing !== undefined) throw new TypeError(`${call}: this client has no ${missing}().${hint}`)
}

/** The code word of an error reply (`NOSCRIPT`, `OOM`, …), also of one in a script; undefined for other errors. */
export function replyCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  // Redis 6 wraps the errors of a script: "ERR Error running script (call to f_…): @user_script:3: -OOM command …".
  const inner = /@user_script: ?\d+: -?([A-Z][A-Z0-9]+) /.exec(error.message)?.[1]
  if (inner !== undefined) return inner
  if (/script killed by user/i.test(error.message)) return 'KILLED'
  return /^-?([A-Z][A-Z0-9]+)(?= |$)/.exec(error.message)?.[1]
}
