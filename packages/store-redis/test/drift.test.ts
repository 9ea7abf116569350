import type { EnvironmentStore } from '@latchkey/core/store'
import { type RedisServer, startRedis } from '@latchkey/test-servers'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RedisStore, redisStore } from '../src/index.js'
import { type Connection, connect } from './setups.js'

const BASE = '{latchkey:default:0}:'

describe('check() and rebuild()', () => {
  let redis: RedisServer
  let connection: Connection
  let store: RedisStore
  let environment: EnvironmentStore
  const records = Array.from({ length: 450 }, (_, i) =>
    tokenRecord({
      name: `name ${i % 40}`,
      owner: `owner ${i % 7}`,
      scopes: [`scope.${i % 5}`],
      personal: i % 3 === 0,
      createdAt: i,
      ...(i % 2 === 0 ? { lastUsedAt: i, expiresAt: 10_000 + i } : {}),
    }),
  )

  beforeEach(async () => {
    redis = await startRedis()
    connection = await connect('node-redis', redis)
    store = redisStore({ client: connection.client })
    environment = await store.open('default')
    await Promise.all(records.map(async (record) => environment.insert(record)))
  })
  afterEach(async () => {
    await store.close()
    connection.close()
    await redis.stop()
  })

  async function assertWhole(): Promise<void> {
    expect(await store.check('default')).toMatchObject({ ok: true, tokens: records.length, problems: [] })
    for (const by of ['name', 'lastUsedAt', 'createdAt', 'expiresAt', 'modifiedAt'] as const) {
      const page = await readPage(environment, {
        filter: {},
        sort: { by, direction: 'desc' },
        limit: 1_000,
        count: true,
      })
      expect(new Set(page.records.map(({ id }) => id)).size, by).toBe(records.length)
      expect(page.totalCount).toBe(records.length)
    }
    const owned = await readPage(environment, {
      filter: { owner: 'owner 3', scopes: ['scope.1', 'scope.2'], personal: false },
      sort: { by: 'createdAt', direction: 'asc' },
      limit: 1_000,
      count: true,
    })
    const expected = records.filter(
      ({ owner, scopes, personal }) =>
        owner === 'owner 3' && ['scope.1', 'scope.2'].includes(scopes[0] ?? '') && !personal,
    )
    expect(owned.records.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
    expect(owned.totalCount).toBe(expected.length)
  }

  test('a whole key space has no problems, and stays whole through a rebuild', async () => {
    await assertWhole()
    expect(await store.rebuild('default')).toEqual({ tokens: records.length, renumbered: 0, unreadable: [] })
    await assertWhole()
    await environment.remove(records[0]?.id ?? '')
    await environment.insert(records[0] ?? tokenRecord())
    await assertWhole()
    expect(await redis.command('KEYS', `${BASE}new:*`)).toEqual([])
    expect(await redis.command('EXISTS', `${BASE}lock`)).toBe(0)
  })

  test.each([
    ['an index is gone', async () => redis.command('DEL', `${BASE}z:n`)],
    ['an index is of the wrong type', async () => redis.command('SET', `${BASE}z:e`, 'x')],
    ["an owner's set is gone", async () => redis.command('DEL', `${BASE}o:owner 3`)],
    ['a bitmap is gone', async () => redis.command('DEL', `${BASE}b:s:scope.1`)],
    ['entries without tokens', async () => redis.command('ZADD', `${BASE}z:c`, 5, 'x'.repeat(19))],
    ['too many bits', async () => redis.command('SETRANGE', `${BASE}b:live`, 60, 'xx')],
    ['a wrong score', async () => redis.command('ZUNIONSTORE', `${BASE}z:m`, 1, `${BASE}z:c`)],
  ])('%s: check() says so, rebuild() repairs it', async (_, damage) => {
    await damage()
    const report = await store.check('default').catch((error: unknown) => ({ ok: false, problems: [String(error)] }))
    expect(report.ok).toBe(false)
    expect(report.problems.length).toBeGreaterThan(0)
    await store.rebuild('default')
    await assertWhole()
  })

  test('tokens that came to share a number are told apart again', async () => {
    await redis.command('DEL', `${BASE}b:live`)
    const twin = tokenRecord({ owner: 'twin' })
    await environment.insert(twin)
    expect(await store.rebuild('default')).toEqual({ tokens: records.length + 1, renumbered: 1, unreadable: [] })
    expect(await store.check('default')).toMatchObject({ ok: true, tokens: records.length + 1 })
    expect(await environment.remove(twin.id)).toBe(true)
    await assertWhole()
  })

  test('while a rebuild holds the lock, writes are refused and reads go on', async () => {
    await redis.command('SET', `${BASE}lock`, 'somebody')
    const [record = tokenRecord()] = records
    await expect(environment.update(record.id, { enabled: false }, 1)).rejects.toThrow(/being rebuilt/)
    expect(await environment.find(record.id)).toEqual(record)
    await expect(store.rebuild('default')).rejects.toThrow(/Another rebuild/)
    await redis.command('DEL', `${BASE}lock`)
    expect((await environment.update(record.id, { enabled: false }, 1))?.version).toBe(2)
  })
})
