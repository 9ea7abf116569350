import type { RedisClient } from './client.js'

/** Which client, which keys, and how long a call may take. */
export interface RedisStoreOptions {
  /** The host's client: `nodeRedis(client)` or `ioredis(client)`. */
  client: RedisClient
  /** Begins all keys, as `{prefix:environment:shard}:…`: a letter or digit, then up to 31 of `A-Za-z0-9_.-`. Default: `latchkey`. */
  prefix?: string
  /**
   * Over how many hash slots the tokens of an environment are spread: a power of two up to 256, fixed when the key space
   * is made. One for each 100,000 to 250,000 tokens. Default: what the key space has, and 1 for a new one.
   */
  shards?: number
  /** Within how many milliseconds a point read answers or rejects. Default: 300. */
  readTimeout?: number
  /** Within how many milliseconds any other operation answers or rejects; purge, check and rebuild: each step. Default: 2,000. */
  manageTimeout?: number
  /**
   * `'replica'`: inserts, updates and removals also wait until a replica has them, and reject with `ERR_STORE` (although
   * applied) if none says so within `replicaTimeout`. Default: `'master'`.
   */
  durability?: 'master' | 'replica'
  /** In milliseconds. Default: 100. */
  replicaTimeout?: number
}

/** Options with their defaults. */
export interface Settings extends Required<Omit<RedisStoreOptions, 'shards'>> {
  readonly shards: number | undefined
}

/** Throws a `TypeError` that names the option. */
export function readOptions(options: RedisStoreOptions): Settings {
  const { client, prefix = 'latchkey', shards, durability = 'master' } = options
  if (typeof (client as RedisClient | undefined)?.command !== 'function') {
    throw misuse('client', 'must be nodeRedis(client) or ioredis(client)')
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(prefix)) {
    throw misuse('prefix', 'must be 1 to 32 of A-Z a-z 0-9 _ . - and begin with a letter or digit')
  }
  if (shards !== undefined && !isShardCount(shards)) throw misuse('shards', 'must be a power of two from 1 to 256')
  if (durability !== 'master' && durability !== 'replica') throw misuse('durability', "must be 'master' or 'replica'")
  return {
    client,
    prefix,
    shards,
    durability,
    readTimeout: milliseconds('readTimeout', options.readTimeout ?? 300),
    manageTimeout: milliseconds('manageTimeout', options.manageTimeout ?? 2_000),
    replicaTimeout: milliseconds('replicaTimeout', options.replicaTimeout ?? 100),
  }
}

export function isShardCount(value: unknown): value is number {
  return (
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 256 && (value & (value - 1)) === 0
  )
}

/** Environments stand in keys and in patterns, so braces, blanks and the like are refused. */
export function assertEnvironment(environment: string): void {
  if (!/^[A-Za-z0-9_.:-]{1,64}$/.test(environment))
    throw misuse('environment', 'must be 1 to 64 of A-Z a-z 0-9 _ . : -')
}

function milliseconds(option: string, value: number): number {
  if (!Number.isInteger(value) || value < 1 || value > 60_000) {
    throw misuse(option, 'must be a whole number of milliseconds from 1 to 60,000')
  }
  return value
}

function misuse(option: string, rule: string): TypeError {
  return Object.assign(new TypeError(`redisStore: ${option} ${rule}`), { code: 'ERR_OPTION' })
}
