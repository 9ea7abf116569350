import { describe, expect, test } from 'vitest'
import { createLatchkey, type LatchkeyOptions, memoryStore } from '../src/index.js'
import { readOptions } from '../src/settings.js'
import { testHasher } from './support/hasher.js'

const store = memoryStore()

test('defaults are as documented', () => {
  const settings = readOptions({ store })
  expect(settings).toMatchObject({
    environment: 'default',
    prefix: 'lk',
    acceptPrefixes: [],
    realm: 'api',
    scopes: undefined,
    managementScopes: { read: 'apiTokens.read', write: 'apiTokens.write', admin: 'apiTokens.admin' },
    acceptHashers: [],
    cache: { max: 50_000, ttl: 5_000, staleIfError: 0 },
    lastUsed: true,
    flushInterval: 10_000,
    maxLifetime: undefined,
    retention: undefined,
    purgeInterval: undefined,
    credentials: ['bearer', 'api-token', 'x-api-key'],
    ownerScopes: undefined,
    now: Date.now,
  })
  expect(settings.hasher.id).toBe('argon2id')
})

test('the options object is not changed, and a later change of it changes nothing', () => {
  const options: LatchkeyOptions = Object.freeze({
    store,
    cache: Object.freeze({ ttl: 7 }),
    credentials: Object.freeze(['bearer'] as const),
    scopes: Object.freeze({ a: 'A' }),
  })
  expect(readOptions(options)).toMatchObject({ cache: { ttl: 7, max: 50_000 }, credentials: ['bearer'] })
  const credentials: ('bearer' | 'x-api-key')[] = ['bearer']
  const settings = readOptions({ store, credentials })
  credentials.push('x-api-key')
  expect(settings.credentials).toEqual(['bearer'])
})

test('the management scopes are always declared', () => {
  const { scopes } = readOptions({ store, scopes: { a: 'A' }, managementScopes: { read: 'r', write: 'w' } })
  expect([...(scopes ?? [])].map(([name]) => name)).toEqual(['r', 'w', 'apiTokens.admin', 'a'])
})

describe('a wrong option is a TypeError that names it', () => {
  const wrong: [string, Record<string, unknown>][] = [
    ['store', { store: undefined }],
    ['store', { store: null }],
    ['store', { store: {} }],
    ['store', { store: 'redis://127.0.0.1' }],
    ['environment', { environment: '' }],
    ['environment', { environment: 'a b' }],
    ['environment', { environment: 'a'.repeat(65) }],
    ['environment', { environment: 5 }],
    ['environment', { environment: null }],
    ['environment', { environment: ['a'] }],
    ['acceptPrefixes', { acceptPrefixes: 'old' }],
    ['acceptPrefixes', { acceptPrefixes: null }],
    ['acceptPrefixes', { acceptPrefixes: {} }],
    ['acceptPrefixes[1]', { acceptPrefixes: ['old', 'a.b'] }],
    ['acceptPrefixes[0]', { acceptPrefixes: [5] }],
    ['acceptPrefixes[0]', { acceptPrefixes: ['lk'] }],
    ['acceptPrefixes[1]', { acceptPrefixes: ['old', 'old'] }],
    ['prefix', { prefix: '' }],
    ['prefix', { prefix: 'A' }],
    ['prefix', { prefix: 'a.b' }],
    ['prefix', { prefix: null }],
    ['realm', { realm: 'a"b' }],
    ['realm', { realm: 'a\r\nb' }],
    ['realm', { realm: 'é' }],
    ['realm', { realm: null }],
    ['realm', { realm: {} }],
    ['scopes', { scopes: null }],
    ['scopes', { scopes: ['reports.read'] }],
    ['scopes', { scopes: 'reports.read' }],
    ['scopes', { scopes: { 'a.*': 'A' } }],
    ['scopes', { scopes: { 'a b': 'A' } }],
    ['scopes["a"]', { scopes: { a: 1 } }],
    ['managementScopes', { managementScopes: null }],
    ['managementScopes', { managementScopes: 'a' }],
    ['managementScopes', { managementScopes: { read: 'apiTokens.admin' } }],
    ['managementScopes.admin', { managementScopes: { admin: 'a.*' } }],
    ['maxOverlap', { maxOverlap: 0 }],
    ['maxOverlap', { maxOverlap: '30d' }],
    ['maxTokensPerOwner', { maxTokensPerOwner: 0 }],
    ['hostTimeout', { hostTimeout: 0 }],
    ['onAudit', { onAudit: 'log' }],
    ['audit', { audit: true }],
    ['audit.reads', { audit: { reads: 1 } }],
    ['audit.writes', { audit: { writes: true } }],
    ['managementScopes.read', { managementScopes: { read: '*', write: 'b' } }],
    ['managementScopes', { managementScopes: { read: 'a', write: 'a' } }],
    ['managementScopes.delete', { managementScopes: { read: 'a', write: 'b', delete: 'c' } }],
    ['hasher', { hasher: 'argon2id' }],
    ['hasher', { hasher: {} }],
    ['acceptHashers', { acceptHashers: testHasher }],
    ['acceptHashers', { acceptHashers: 'argon2id' }],
    ['acceptHashers[1]', { acceptHashers: [testHasher, null] }],
    ['cache', { cache: null }],
    ['cache', { cache: 5_000 }],
    ['cache', { cache: [] }],
    ['cache', { cache: false }],
    ['cache.TTL', { cache: { TTL: 5 } }],
    ['cache.max', { cache: { max: 0 } }],
    ['cache.max', { cache: { max: Number.POSITIVE_INFINITY } }],
    ['cache.ttl', { cache: { ttl: 0 } }],
    ['cache.ttl', { cache: { ttl: Number.NaN } }],
    ['cache.ttl', { cache: { ttl: -1 } }],
    ['cache.ttl', { cache: { ttl: Number.POSITIVE_INFINITY } }],
    ['cache.ttl', { cache: { ttl: '5000' } }],
    ['cache.staleIfError', { cache: { staleIfError: -1 } }],
    ['cache.staleIfError', { cache: { staleIfError: 0.5 } }],
    ['lastUsed', { lastUsed: null }],
    ['lastUsed', { lastUsed: true }],
    ['lastUsed', { lastUsed: 0 }],
    ['lastUsed.interval', { lastUsed: { interval: 5 } }],
    ['lastUsed.flushInterval', { lastUsed: { flushInterval: 9 } }],
    ['lastUsed.flushInterval', { lastUsed: { flushInterval: 2 ** 31 } }],
    ['maxLifetime', { maxLifetime: 0 }],
    ['maxLifetime', { maxLifetime: Number.NaN }],
    ['retention', { retention: -1 }],
    ['purgeInterval', { purgeInterval: 1_000 }],
    ['purgeInterval', { purgeInterval: 999, retention: 1 }],
    ['credentials', { credentials: [] }],
    ['credentials', { credentials: 'bearer' }],
    ['credentials', { credentials: ['Bearer'] }],
    ['credentials', { credentials: ['query'] }],
    ['ownerScopes', { ownerScopes: ['a'] }],
    ['now', { now: 5 }],
    ['ttl', { ttl: 5 }],
    ['__proto__x', { __proto__x: 5 }],
  ]

  test.each(wrong)('%s: %j', (place, options) => {
    const make = () => createLatchkey({ store, hasher: testHasher, ...options } as unknown as LatchkeyOptions)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    expect(make).toThrow(expect.objectContaining({ message: expect.stringMatching(beginningWith(place)) }))
  })

  test.each([undefined, null, 5, 'store', []])('no options at all: %j', (options) => {
    expect(() => createLatchkey(options as unknown as LatchkeyOptions)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION' }),
    )
  })

  function beginningWith(place: string): RegExp {
    return new RegExp(`^${place.replace(/[.[\]]/g, '\\$&')} `)
  }
})
