import { assertKnownOptions, integerOption, optionError } from '@latchkey/core/store'
import type { RedisClient } from './clients/client.js'

/** Which client, which keys, and how long a call may take. */
export interface RedisStoreOptions {
  /** The host's client: `nodeRedis(client)` or `ioredis(client)`. */
  client: RedisClient
  /** Begins all keys (`{prefix:…`): a letter or digit, then up to 31 of `A-Za-z0-9_.-`. Default: `latchkey`. */
  prefix?: string | undefined
  /**
   * Over how many hash slots the tokens of an environment are spread: a power of two up to 256, fixed when the key
   * space is made. One for each 100,000 to 250,000 tokens. Default: what the key space has, and 1 for a new one.
   */
  shards?: number | undefined
  /** Within how many milliseconds a point read answers or rejects. Default: 300. */
  readTimeout?: number | undefined
  /** The same for any other operation, and for each step of purge, check and rebuild. Default: 2,000. */
  manageTimeout?: number | undefined
  /**
   * `'replica'`: inserts, updates and removals also wait until a replica has them, and reject with `ERR_STORE`
   * (although applied) if none confirms within `replicaTimeout`. Default: `'master'`.
   */
  durability?: 'master' | 'replica' | undefined
  /** In milliseconds. Default: 100. */
  replicaTimeout?: number | undefined
}

export type Settings = ReturnType<typeof readOptions>

const OPTIONS = ['client', 'prefix', 'shards', 'readTimeout', 'manageTimeout', 'durability', 'replicaTimeout']
const MAX_SHARDS = 256
const MAX_TIMEOUT_MS = 60_000

/** The options with their defaults. Throws a `TypeError` (`ERR_OPTION`) that names the option. */
export function readOptions(options: RedisStoreOptions) {
  assertKnownOptions('redisStore', options, OPTIONS)
  const { client, prefix = 'latchkey', shards, durability = 'master' } = options
  if (typeof (client as RedisClient | undefined)?.command !== 'function') {
    throw optionError('redisStore: client', 'must be nodeRedis(client) or ioredis(client)')
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(prefix)) {
    throw optionError('redisStore: prefix', 'must be 1 to 32 of A-Z a-z 0-9 _ . - and begin with a letter or digit')
  }
  if (shards !== undefined && !isShardCount(shards)) {
    throw optionError('redisStore: shards', `must be a power of two from 1 to ${MAX_SHARDS}`)
  }
  if (durability !== 'master' && durability !== 'replica') {
    throw optionError('redisStore: durability', "must be 'master' or 'replica'")
  }
  const { readTimeout = 300, manageTimeout = 2_000, replicaTimeout = 100 } = options
  return {
    client,
    prefix,
    shards,
    durability,
    readTimeout: integerOption('redisStore: readTimeout', readTimeout, 1, MAX_TIMEOUT_MS),
    manageTimeout: integerOption('redisStore: manageTimeout', manageTimeout, 1, MAX_TIMEOUT_MS),
    replicaTimeout: integerOption('redisStore: replicaTimeout', replicaTimeout, 1, MAX_TIMEOUT_MS),
  }
}

export function isShardCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 1 && value <= MAX_SHARDS && Number.isInteger(Math.log2(value))
}
