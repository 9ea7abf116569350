import { describe, expect, test, vi } from 'vitest'
import { memoryData, memoryStore, StoreError } from '../../src/index.js'
import { DAY, hostCaller, NOW, testInstance } from '../support/instance.js'
import { published, refused } from '../support/outcome.js'
import { testStore } from '../support/store.js'

const GOOD = { name: 'nightly', owner: 'ada', scopes: ['reports.read'] }
const GONE = { code: 'ERR_NOT_FOUND', paths: [] }

async function created(input: object = {}) {
  const setup = testInstance()
  const issued = await setup.latchkey.create({ ...GOOD, ...input })
  return { ...setup, ...issued }
}

/** The token with another secret of the right form: that of a second instance's token. */
async function withWrongSecret(id: string): Promise<string> {
  const data = memoryData()
  const { latchkey } = testInstance({ data })
  const { id: other } = await latchkey.create(GOOD)
  const opened = await memoryStore(data).open('default')
  const record = await opened.find(other)
  if (record === undefined) throw new Error('not stored')
  await opened.remove(other)
  await opened.insert({ ...record, id })
  return (await latchkey.rotate(id)).token
}

/** One token with every kind of text that does not hold its living secret. */
async function withDeadSecrets() {
  const setup = await created()
  const previous = await setup.latchkey.rotate(setup.id, { previousExpiresAt: 'now+1h' })
  setup.clock.now += DAY
  const current = await setup.latchkey.rotate(setup.id)
  const dead = [
    ['retired', setup.token],
    ['previous', previous.token],
    ['wrong secret', await withWrongSecret(setup.id)],
    ['bad checksum', `${current.token.slice(0, -1)}${current.token.endsWith('A') ? 'B' : 'A'}`],
    ['malformed', 'x'],
    ['empty', ''],
    ['of another prefix', current.token.replace('lk.', 'zz.')],
    ['with a blank', ` ${current.token}`],
  ] as const
  return { ...setup, current: current.token, dead }
}

describe('delete', () => {
  test('by id, once', async () => {
    const { latchkey, id, token, records } = await created()
    expect((await latchkey.verify(token)).ok).toBe(true)
    await latchkey.delete(id)
    expect(latchkey.verifyCached(token)).toBeUndefined()
    expect(await latchkey.verify(token)).toEqual({ ok: false, denial: { reason: 'unknown' } })
    expect(await refused(latchkey.delete(id))).toEqual(GONE)
    expect(await records()).toEqual([])
  })

  test('by the whole token, if its secret is right', async () => {
    const { latchkey, current, dead, records } = await withDeadSecrets()
    const before = await records()
    for (const [, text] of dead) expect(await refused(latchkey.delete(text))).toEqual(GONE)
    expect(await records()).toEqual(before)
    await latchkey.delete(current)
    expect(await records()).toEqual([])
  })

  test('by the previous secret ends that secret alone', async () => {
    const { latchkey, id, token } = await created()
    const rotated = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    await latchkey.delete(token)
    expect((await latchkey.verify(token)).ok).toBe(false)
    expect((await latchkey.verify(rotated.token)).ok).toBe(true)
    expect((await latchkey.get(id)).previousSecret).toBeUndefined()
    expect(await refused(latchkey.delete(token))).toEqual(GONE)
  })

  test('exactly one of N concurrent callers deletes', async () => {
    const { latchkey, id, token } = await created()
    const calls = Array.from({ length: 12 }, (_, i) => latchkey.delete(i % 2 === 0 ? id : token))
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ERR_NOT_FOUND' })
    }
  })

  test.each([undefined, null, 7, {}, ['lk']])('what is no text is not found: %s', async (text) => {
    const { latchkey, records } = await created()
    expect(await refused(latchkey.delete(text as never))).toEqual(GONE)
    expect(await refused(latchkey.delete(text as never, hostCaller()))).toEqual(GONE)
    expect(await records()).toHaveLength(1)
  })
})

describe('a record that the store cannot read', () => {
  test('can be deleted by its id, but not by a personal caller, who may not be its owner', async () => {
    const setup = testInstance()
    const { id } = await setup.create()
    setup.store.failing.set('find', new StoreError('ERR_STORE', 'The record is damaged.'))
    for (const personal of [hostCaller({ personal: true }), hostCaller({ personal: true, owner: 'o' })]) {
      await expect(setup.latchkey.delete(id, personal)).rejects.toMatchObject({ code: 'ERR_STORE' })
    }
    expect(await setup.records()).toHaveLength(1)
    const entries = await published('audit', async () => setup.latchkey.delete(id, hostCaller()))
    expect(entries.at(-1)).toMatchObject({ action: 'delete', outcome: 'done', token: { id } })
    expect(await setup.records()).toEqual([])
    expect(await refused(setup.latchkey.delete(id))).toEqual(GONE)
  })
})

describe('revoke', () => {
  test('tells whether there was a token, and leaves everything else alone', async () => {
    const { latchkey, id, current, dead, records } = await withDeadSecrets()
    const before = await records()
    for (const [, text] of dead) expect(await latchkey.revoke(text)).toBe(false)
    expect(await latchkey.revoke(id)).toBe(false)
    for (const text of [undefined, null, 7, { token: current }])
      expect(await latchkey.revoke(text as never)).toBe(false)
    expect(await records()).toEqual(before)
    expect(await latchkey.revoke(current)).toBe(true)
    expect(await latchkey.revoke(current)).toBe(false)
    expect(await records()).toEqual([])
  })

  test.each<[string, object, number]>([
    ['a disabled token', { enabled: false }, 0],
    ['an expired token', { expiresAt: 'now+1h' }, DAY],
    ['a token that this address may not use', { networks: ['10.0.0.0/8'] }, 0],
  ])('%s too', async (_, input, later) => {
    const { latchkey, token, clock, records } = await created(input)
    clock.now += later
    expect(await latchkey.revoke(token)).toBe(true)
    expect(await records()).toEqual([])
  })

  test('a secret that is rotated away between its proof and the deletion deletes nothing', async () => {
    const data = memoryData()
    const other = testInstance({ data })
    const { id, token } = await other.latchkey.create(GOOD)
    let rotated = false
    const store = testStore(data, (opened) => ({
      async remove(found, version) {
        if (!rotated) await other.latchkey.rotate(id)
        rotated = true
        return opened.remove(found, version)
      },
    }))
    expect(await testInstance({ store }).latchkey.revoke(token)).toBe(false)
    expect(rotated).toBe(true)
    expect(await other.records()).toHaveLength(1)
  })
})

describe('lookup', () => {
  test('by the living secrets alone, without counting a use', async () => {
    const { latchkey, id, current, dead } = await withDeadSecrets()
    for (const [, text] of dead) expect(await refused(latchkey.lookup(text))).toEqual(GONE)
    expect(await refused(latchkey.lookup(id))).toEqual(GONE)
    expect(await latchkey.lookup(current)).toEqual(await latchkey.get(id))
    await latchkey.flush()
    expect(await latchkey.get(id)).not.toHaveProperty('lastUsedAt')
    expect(latchkey.stats()).toMatchObject({ verified: 0, pendingUses: 0 })
  })

  test('disabled and expired tokens too', async () => {
    const { latchkey, id, token, clock } = await created({ expiresAt: 'now+1h', enabled: false })
    clock.now += DAY
    expect(await latchkey.lookup(token)).toMatchObject({ id, enabled: false, expiresAt: NOW + DAY / 24 })
  })

  test('the previous secret of a running overlap finds its token', async () => {
    const { latchkey, id, token } = await created()
    await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    expect((await latchkey.lookup(token)).id).toBe(id)
  })
})

test('a token of another environment is unknown to every operation', async () => {
  const data = memoryData()
  const live = testInstance({ environment: 'live', data })
  const test = testInstance({ environment: 'test', data })
  const { id, token } = await live.latchkey.create(GOOD)
  expect((await live.latchkey.verify(token)).ok).toBe(true)
  expect(await test.latchkey.verify(token)).toEqual({ ok: false, denial: { reason: 'unknown' } })
  for (const call of [
    ...[test.latchkey.get(id), test.latchkey.update(id, { name: 'x' }), test.latchkey.delete(id)],
    ...[test.latchkey.delete(token), test.latchkey.rotate(id), test.latchkey.lookup(token)],
  ]) {
    expect(await refused(call)).toEqual(GONE)
  }
  expect(await test.latchkey.revoke(token)).toBe(false)
  expect((await test.latchkey.list()).totalCount).toBe(0)
  expect(await live.records()).toHaveLength(1)
})

describe('purge', () => {
  async function withExpiries(options: Parameters<typeof testInstance>[0] = {}) {
    const setup = testInstance(options)
    for (const expiresAt of [undefined, NOW + DAY, NOW + 2 * DAY, NOW + 9 * DAY]) {
      await setup.latchkey.create({ ...GOOD, expiresAt })
    }
    const expiries = async () => (await setup.records()).map(({ expiresAt }) => expiresAt)
    return { ...setup, expiries }
  }

  test('removes what expired before the retention time, and no more', async () => {
    const { latchkey, clock, expiries } = await withExpiries({ retention: DAY })
    expect(await latchkey.purge()).toBe(0)
    clock.now = NOW + 2 * DAY
    expect(await latchkey.purge()).toBe(0)
    clock.now++
    expect(await latchkey.purge()).toBe(1)
    expect(await expiries()).toEqual([undefined, NOW + 2 * DAY, NOW + 9 * DAY])
  })

  test('removes what expired before the given time', async () => {
    const { latchkey, clock, expiries } = await withExpiries()
    clock.now = NOW + 3 * DAY
    expect(await latchkey.purge(NOW + DAY)).toBe(0)
    expect(await latchkey.purge(clock.now)).toBe(2)
    expect(await expiries()).toEqual([undefined, NOW + 9 * DAY])
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, NOW + 1, '2030-01-01'])(
    'never removes what still lives: %s is refused',
    async (time) => {
      const { latchkey, expiries } = await withExpiries()
      await expect(latchkey.purge(time as number)).rejects.toMatchObject({ code: 'ERR_OPTION' })
      expect(await expiries()).toHaveLength(4)
    },
  )

  test('needs a time or the option', async () => {
    await expect(testInstance().latchkey.purge()).rejects.toMatchObject({ code: 'ERR_OPTION', name: 'TypeError' })
  })

  test('runs by itself every purgeInterval, through failures, until the instance is closed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      let purges = 0
      const setup = testInstance()
      const { latchkey, clock } = testInstance({
        retention: DAY,
        purgeInterval: 60_000,
        store: testStore(setup.data, (opened) => ({
          async purge(before) {
            purges++
            if (purges === 1) throw new Error('away')
            return opened.purge(before)
          },
        })),
      })
      await setup.latchkey.create({ ...GOOD, expiresAt: NOW + DAY })
      clock.now = NOW + 3 * DAY
      await vi.advanceTimersByTimeAsync(59_999)
      expect(purges).toBe(0)
      await vi.advanceTimersByTimeAsync(1)
      await vi.waitUntil(() => purges === 1)
      expect(await setup.records()).toHaveLength(1)
      await vi.advanceTimersByTimeAsync(60_000)
      await vi.waitUntil(async () => (await setup.records()).length === 0)
      await latchkey.close()
      await vi.advanceTimersByTimeAsync(600_000)
      expect(purges).toBe(2)
    } finally {
      vi.useRealTimers()
    }
  })
})
