import { inspect } from 'node:util'
import type { ChangeEvent, EnvironmentStore } from '@latchkey/core/store'
import { type RedisServer, startRedis } from '@latchkey/test-servers'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RedisStore, redisStore } from '../src/index.js'
import { type Connection, connect } from './support.js'

describe('check() and rebuild()', () => {
  let redis: RedisServer
  let connection: Connection
  let store: RedisStore
  let environment: EnvironmentStore
  /** Each test has a key space of its own. */
  let tests = 0
  const key = (end: string) => `{t${tests}:default:0}:${end}`
  const records = Array.from({ length: 250 }, (_, i) =>
    tokenRecord({
      name: `name ${i % 40}`,
      owner: `owner ${i % 7}`,
      scopes: [`scope.${i % 5}`],
      personal: i % 3 === 0,
      createdAt: i,
      ...(i % 2 === 0 ? { lastUsedAt: i, expiresAt: 10_000 + i } : {}),
    }),
  )

  beforeAll(async () => {
    redis = await startRedis()
    connection = await connect('node-redis', redis)
  })
  afterAll(async () => {
    connection.close()
    await redis.stop()
  })
  beforeEach(async () => {
    tests++
    store = redisStore({ client: connection.client, prefix: `t${tests}`, manageTimeout: 20_000 })
    environment = await store.open('default')
    await Promise.all(records.map(async (record) => environment.insert(record)))
  })
  afterEach(async () => store.close())

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
    expect(await redis.command('KEYS', key('new:*'))).toEqual([])
    expect(await redis.command('EXISTS', key('lock'))).toBe(0)
  })

  test.each([
    ['an index is gone', async () => redis.command('DEL', key('z:n'))],
    ['an index is of the wrong type', async () => redis.command('SET', key('z:e'), 'x')],
    ["an owner's set is gone", async () => redis.command('DEL', key('o:owner 3'))],
    ['a bitmap is gone', async () => redis.command('DEL', key('b:s:scope.1'))],
    ['entries without tokens', async () => redis.command('ZADD', key('z:c'), 5, 'x'.repeat(19))],
    ['too many bits', async () => redis.command('SETRANGE', key('b:live'), 60, 'xx')],
    ['a wrong score', async () => redis.command('ZUNIONSTORE', key('z:m'), 1, key('z:c'))],
  ])('%s: check() says so, rebuild() repairs it', async (_, damage) => {
    await damage()
    const report = await store.check('default').catch((error: unknown) => ({ ok: false, problems: [String(error)] }))
    expect(report.ok).toBe(false)
    expect(report.problems.length).toBeGreaterThan(0)
    await store.rebuild('default')
    await assertWhole()
  })

  test('two tokens that share a number get different ones again', async () => {
    await redis.command('DEL', key('b:live'))
    const late = tokenRecord({ owner: 'late' })
    await environment.insert(late)
    expect(await store.rebuild('default')).toEqual({ tokens: records.length + 1, renumbered: 1, unreadable: [] })
    expect(await store.check('default')).toMatchObject({ ok: true, tokens: records.length + 1 })
    expect(await environment.remove(late.id)).toBe(true)
    await assertWhole()
  })

  test('while a rebuild holds the lock, writes are refused and reads go on', async () => {
    const impatient = redisStore({ client: connection.client, prefix: `t${tests}`, manageTimeout: 400 })
    const [record = tokenRecord()] = records
    await redis.command('SET', key('lock'), 'somebody')
    await expect((await impatient.open('default')).update(record.id, { enabled: false }, 1)).rejects.toThrow(
      /being rebuilt/,
    )
    expect(await environment.find(record.id)).toEqual(record)
    await expect(store.rebuild('default')).rejects.toThrow(/Another rebuild/)
    await redis.command('DEL', key('lock'))
    expect((await environment.update(record.id, { enabled: false }, 1))?.version).toBe(2)
  })

  test.each<[string, string]>([
    ['no JSON', `${'h'.repeat(24)}$argon2id$v=19$secret`],
    ['JSON of another shape', `${'h'.repeat(24)}{"p":"lk","n":"$argon2id$secret","k":[5]}`],
    ['a secret without its parts', `${'h'.repeat(24)}{"p":"lk","n":"n","o":"o","c":1,"k":["$argon2id$secret"]}`],
    ['too short', '$arg'],
  ])('a document that is damaged, %s, shows nothing of itself and can be removed', async (kind, text) => {
    const [victim] = records
    if (victim === undefined) throw new Error('no record')
    const publicPart = victim.id.slice(victim.id.indexOf('.') + 1)
    // With its own number, unless that is cut off.
    if (kind === 'too short') await redis.command('SET', key(`t:${publicPart}`), text)
    else {
      await redis.command('SETRANGE', key(`t:${publicPart}`), 24, text.slice(24) + ' '.repeat(2_000))
    }
    const page = { filter: {}, sort: { by: 'createdAt', direction: 'asc' }, limit: 1_000, count: true } as const
    const calls = [
      async () => environment.find(victim.id),
      async () => environment.update(victim.id, { enabled: false }, 1),
      async () => environment.remove(victim.id, 1),
    ]
    const { damaged = [], ...listed } = await readPage(environment, page)
    const others = records.filter(({ id }) => id !== victim.id)
    expect(new Set(listed.records.map(({ id }) => id))).toEqual(new Set(others.map(({ id }) => id)))
    expect(damaged).toHaveLength(1)
    expect(await environment.purge(10_001)).toEqual([])
    const errors = calls.map((call) => call().catch((reason: unknown) => reason))
    for (const error of [...damaged, ...(await Promise.all(errors))]) {
      expect(error).toMatchObject({
        code: 'ERR_STORE',
        message: `Redis: the record of ${publicPart} is damaged; it can be removed by its id.`,
      })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('$arg')
    }
    const watched: ChangeEvent[] = []
    const unwatch = await environment.watch((event) => void watched.push(event))
    expect(await environment.remove(victim.id)).toBe(true)
    expect(await environment.remove(victim.id)).toBe(false)
    await expect.poll(() => watched).toContainEqual({ ids: [victim.id] })
    await unwatch()
    expect(await environment.find(victim.id)).toBeUndefined()
    // The next token gets the number, and nothing of the old one's scopes.
    const next = tokenRecord({ scopes: ['fresh'], owner: 'new', personal: false, createdAt: 300 })
    await environment.insert(next)
    const ofScope = await readPage(environment, { ...page, filter: { scopes: victim.scopes } })
    expect(ofScope.records.map(({ id }) => id)).not.toContain(next.id)
    if (kind !== 'too short') expect(ofScope.totalCount).toBe(records.length / 5 - 1)
    await store.rebuild('default')
    await environment.remove(next.id)
    await environment.insert(victim)
    await assertWhole()
  })
})
