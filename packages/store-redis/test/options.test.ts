import { Cluster, Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { ioredis, type RedisStoreOptions, redisStore } from '../src/index.js'

const lazy = () => new Redis({ lazyConnect: true })

describe('redisStore(options)', () => {
  const client = ioredis(lazy())

  test.each<[string, Partial<RedisStoreOptions>]>([
    ['prefix', { prefix: 'a:b' }],
    ['prefix', { prefix: '' }],
    ['prefix', { prefix: '{x}' }],
    ['shards', { shards: 3 }],
    ['shards', { shards: 512 }],
    ['shards', { shards: 0 }],
    ['readTimeout', { readTimeout: 0 }],
    ['manageTimeout', { manageTimeout: 1.5 }],
    ['replicaTimeout', { replicaTimeout: Number.NaN }],
    ['durability', { durability: 'disk' as 'master' }],
  ])('names the option %s in a TypeError: %j', (name, options) => {
    expect(() => redisStore({ client, ...options })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    expect(() => redisStore({ client, ...options })).toThrow(new RegExp(`^redisStore: ${name} must`))
  })

  test('refuses unknown options', () => {
    expect(() => redisStore({ client, ...{ timeout: 5 } })).toThrow(/redisStore\.timeout is not an option/)
  })

  test.each(['', 'a b', 'a:b', '{x}', 'a*', 'x'.repeat(65)])('refuses the environment %j', async (environment) => {
    await expect(redisStore({ client }).open(environment)).rejects.toThrow(/^environment must/)
  })
})

describe('ioredis(client)', () => {
  test('refuses clients that change keys, or read from replicas', () => {
    expect(() => ioredis(new Redis({ lazyConnect: true, keyPrefix: 'x:' }))).toThrow(/keyPrefix/)
    expect(() => ioredis(new Cluster([], { lazyConnect: true, scaleReads: 'slave' }))).toThrow(/scaleReads/)
  })

  test('names settings that slow down recovery', () => {
    expect(ioredis(lazy()).warnings().join()).toMatch(/enableOfflineQueue/)
    expect(ioredis(new Redis({ lazyConnect: true, enableOfflineQueue: false })).warnings()).toEqual([])
  })
})
