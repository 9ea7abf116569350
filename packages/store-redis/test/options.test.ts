import { Cluster, Redis } from 'ioredis'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { createCluster as createCluster5 } from 'redis5'
import { describe, expect, test } from 'vitest'
import { ioredis, nodeRedis, type RedisStoreOptions, redisStore } from '../src/index.js'

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

describe('nodeRedis(client)', () => {
  test('takes clients of createClient and createCluster', () => {
    expect(nodeRedis(createClient()).cluster).toBe(false)
    expect(nodeRedis(createCluster({ rootNodes: [] })).cluster).toBe(true)
  })

  test('names settings that slow down recovery', () => {
    expect(nodeRedis(createClient()).warnings().join()).toMatch(/^disableOfflineQueue/)
    expect(nodeRedis(createClient({ disableOfflineQueue: true })).warnings()).toEqual([])
    const defaults = { disableOfflineQueue: true }
    for (const create of [createCluster, createCluster5] as (typeof createCluster)[]) {
      const warnings = nodeRedis(create({ rootNodes: [defaults] })).warnings()
      expect(warnings.join()).toMatch(/^defaults\.disableOfflineQueue/)
      expect(nodeRedis(create({ rootNodes: [], defaults })).warnings()).toEqual([])
    }
  })

  const sentinel = createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] })
  const ofRedis4 = { sendCommand() {}, duplicate() {}, subscribe() {}, disconnect() {}, quit() {} }
  test.each<[string, unknown, RegExp]>([
    ['a pool, which cannot subscribe', createClientPool(), /has no subscribe\(\)\. Pass one of createClient\(\)/],
    ['a Sentinel', sentinel, /createSentinel\(\) is not supported\. Pass one of createClient\(\)/],
    ['a client of redis 4', ofRedis4, /has no destroy\(\)\. Pass one of .* of redis 5 or newer/],
    ['a client of redis 4 for a Cluster', { ...ofRedis4, slots: [] }, /of redis 5 or newer/],
    ['a client of ioredis', lazy(), /^nodeRedis\(client\): .*createClient/],
    ['nothing', undefined, /^nodeRedis\(client\): /],
  ])('refuses %s', (_, given, sentence) => {
    const make = () => nodeRedis(given as never)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(sentence)
  })
})

describe('ioredis(client)', () => {
  test.each<[string, unknown]>([
    ['a client of node-redis', createClient()],
    ['a pipeline', lazy().pipeline()],
    ['nothing', undefined],
  ])('refuses %s', (_, given) => {
    const make = () => ioredis(given as never)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(/^ioredis\(client\): .*new Redis\(\)/)
  })

  test('refuses clients that change keys, or read from replicas', () => {
    expect(() => ioredis(new Redis({ lazyConnect: true, keyPrefix: 'x:' }))).toThrow(/keyPrefix/)
    expect(() => ioredis(new Cluster([], { lazyConnect: true, scaleReads: 'slave' }))).toThrow(/scaleReads/)
  })

  test('names settings that slow down recovery', () => {
    expect(ioredis(lazy()).warnings().join()).toMatch(/enableOfflineQueue/)
    expect(ioredis(new Redis({ lazyConnect: true, enableOfflineQueue: false })).warnings()).toEqual([])
  })
})
