import { describe, expect, test } from 'vitest'
import { createLatchkey, type Latchkey, memoryData, memoryStore, type TokenStore } from '../../src/index.js'
import { countingHasher, testHasher } from '../support/hasher.js'
import { NOW, testInstance, unknownToken } from '../support/instance.js'
import { outcome, published, settled } from '../support/outcome.js'
import { testStore } from '../support/store.js'

const HOUR = 3_600_000

describe('opening', () => {
  test('waits for the first need, happens once, and can be asked for', async () => {
    const { latchkey, store, create } = testInstance()
    expect(store.opens).toBe(0)
    await Promise.all([latchkey.ready(), latchkey.ready(), latchkey.verify(unknownToken()), create()])
    await latchkey.ready()
    expect(store.opens).toBe(1)
  })

  test('that fails is 503 for all who wait, and is tried again by the next', async () => {
    const { latchkey, store, create } = testInstance()
    for (const operation of ['open', 'watch'] as const) {
      store.failing.set(operation, new Error('down'))
      const errors = await published('store-error', async () => {
        for (const each of await Promise.allSettled([
          latchkey.ready(),
          latchkey.verify(unknownToken()),
          latchkey.list(),
        ])) {
          expect(each).toMatchObject({ status: 'rejected', reason: { code: 'ERR_STORE', status: 503 } })
        }
      })
      expect(errors.length).toBeGreaterThan(0)
      store.failing.clear()
    }
    const { token } = await create()
    expect(outcome(await latchkey.verify(token))).toBe('ok')
    expect(store.opens).toBe(3)
  })

  test('by a store that throws at once is tried again, too', async () => {
    const inner = memoryStore()
    let failures = 1
    const store: TokenStore = {
      open(environment) {
        if (failures-- > 0) throw new Error('no settings yet')
        return inner.open(environment)
      },
      close: inner.close,
    }
    const latchkey = createLatchkey({ store, hasher: testHasher })
    await expect(latchkey.ready()).rejects.toMatchObject({ code: 'ERR_STORE' })
    await latchkey.ready()
    expect((await latchkey.list()).tokens).toEqual([])
  })
})

describe('ping', () => {
  test('resolves to milliseconds, opening the store if need be', async () => {
    const { latchkey, store } = testInstance()
    expect(await latchkey.ping()).toBeGreaterThanOrEqual(0)
    expect(await latchkey.ping()).toBeLessThan(1_000)
    expect(store.opens).toBe(1)
  })

  test('rejects with a StoreError while the store is down, opened or not', async () => {
    const data = memoryData()
    let isDown = false
    const store = testStore(data, () => ({
      async ping() {
        if (isDown) throw new Error('connection refused')
      },
    }))
    const { latchkey } = testInstance({ store })
    store.failing.set('open', new Error('connection refused'))
    await expect(latchkey.ping()).rejects.toMatchObject({ name: 'StoreError', code: 'ERR_STORE' })
    store.failing.clear()
    await latchkey.ping()
    isDown = true
    await expect(latchkey.ping()).rejects.toMatchObject({ name: 'StoreError', code: 'ERR_STORE', status: 503 })
  })
})

describe('close', () => {
  const calls: [string, (latchkey: Latchkey, token: string) => Promise<unknown>][] = [
    ['verify', (latchkey, token) => latchkey.verify(token)],
    ['create', (latchkey) => latchkey.create({ name: 'n', owner: 'o', scopes: ['a'] })],
    ['get', (latchkey, token) => latchkey.get(token.slice(0, 27))],
    ['list', (latchkey) => latchkey.list()],
    ['update', (latchkey, token) => latchkey.update(token.slice(0, 27), { name: 'm' })],
    ['delete', (latchkey, token) => latchkey.delete(token.slice(0, 27))],
    ['rotate', (latchkey, token) => latchkey.rotate(token.slice(0, 27))],
    ['lookup', (latchkey, token) => latchkey.lookup(token)],
    ['revoke', (latchkey, token) => latchkey.revoke(token)],
    ['purge', (latchkey) => latchkey.purge(0)],
    ['explain', (latchkey, token) => latchkey.explain({ token })],
    ['ready', (latchkey) => latchkey.ready()],
    ['ping', (latchkey) => latchkey.ping()],
  ]

  test.each(calls)('refuses %s from then on', async (_, call) => {
    const { latchkey, create } = testInstance()
    const { token } = await create()
    await latchkey.verify(token)
    await latchkey.close()
    expect(latchkey.verifyCached(token)).toBeUndefined()
    await expect(call(latchkey, token)).rejects.toMatchObject({ code: 'ERR_CLOSED', status: 503 })
  })

  test('writes the uses noted so far, stops watching, and leaves the store to its host', async () => {
    const { latchkey, store, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const { id, token } = await create()
    await latchkey.verify(token)
    await latchkey.close()
    const opened = await store.open(latchkey.environment)
    expect(await opened.find(id)).toMatchObject({ lastUsedAt: NOW })
    expect(latchkey.stats().pendingUses).toBe(0)
  })

  test('rejects when the uses could not be written, and is closed all the same', async () => {
    const { latchkey, store, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const { token } = await create()
    await latchkey.verify(token)
    store.failing.set('touch', new Error('down'))
    await expect(latchkey.close()).rejects.toMatchObject({ code: 'ERR_STORE' })
    expect(latchkey.verifyCached(token)).toBeUndefined()
    await expect(latchkey.verify(token)).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })

  test('lets nobody in from the cache while the watch is being ended, nor when that fails', async () => {
    const states: (string | undefined)[] = []
    let token = ''
    const store = testStore(memoryData(), (opened) => ({
      async watch(listener) {
        const unwatch = await opened.watch(listener)
        return async () => {
          await unwatch()
          await settled()
          states.push(outcome(latchkey.verifyCached(token)))
          throw new Error('down')
        }
      },
    }))
    const { latchkey } = testInstance({ store })
    token = (await latchkey.create({ name: 'n', owner: 'o', scopes: ['a'] })).token
    await latchkey.verify(token)
    expect(outcome(latchkey.verifyCached(token))).toBe('ok')
    await expect(latchkey.close()).rejects.toThrow()
    expect(states).toEqual([undefined])
    expect(latchkey.verifyCached(token)).toBeUndefined()
  })

  test('before anything was opened opens nothing, and twice is as good as once', async () => {
    const { latchkey, store, create } = testInstance()
    await latchkey.close()
    await latchkey.close()
    expect(store.opens).toBe(0)
    const other = testInstance()
    await other.create()
    await other.latchkey.close()
    await other.latchkey.close()
    await expect(create()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  })

  test('during a read or a proof leaves nothing in the cache and no timer behind', async () => {
    const { latchkey, store, hasher, create } = testInstance({ hasher: countingHasher(testHasher, true) })
    const [first, second] = [await create(), await create()]
    const proof = hasher.holdVerify()
    const proving = latchkey.verify(first.token)
    await proof.reached
    const read = store.holdFind()
    const reading = latchkey.verify(second.token)
    await read.reached
    await latchkey.close()
    proof.release()
    read.release()
    await expect(proving).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    await expect(reading).rejects.toMatchObject({ code: 'ERR_CLOSED' })
    expect(latchkey.verifyCached(first.token)).toBeUndefined()
    expect(latchkey.verifyCached(second.token)).toBeUndefined()
  })
})

describe('purge', () => {
  test('removes what expired before a time, and says how many', async () => {
    const { latchkey, clock, create } = testInstance()
    const [a, b, c] = [await create({ expiresAt: NOW + 1 }), await create({ expiresAt: NOW + 2 }), await create()]
    clock.now += 10
    expect(await latchkey.purge(NOW + 2)).toBe(1)
    await expect(latchkey.get(a.id)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    expect(await latchkey.get(b.id)).toMatchObject({ id: b.id })
    expect(await latchkey.get(c.id)).toMatchObject({ id: c.id })
  })

  test('goes by the retention when no time is given, and needs one of the two', async () => {
    const { latchkey, clock, create } = testInstance({ retention: 100 })
    await create({ expiresAt: NOW + 1 })
    clock.now = NOW + 101
    expect(await latchkey.purge()).toBe(0)
    clock.now = NOW + 102
    expect(await latchkey.purge()).toBe(1)
    await expect(testInstance().latchkey.purge()).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  test('never removes a token that has not expired, whatever time is given or told by the clock', async () => {
    const { latchkey, clock, create } = testInstance({ retention: 0 })
    const { id } = await create({ expiresAt: NOW + 1 })
    for (const time of [NOW + 1, Number.NaN, Number.NEGATIVE_INFINITY, '1', {}]) {
      await expect(latchkey.purge(time as number)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    }
    clock.now = Number.NaN
    await expect(latchkey.purge()).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(latchkey.purge(NOW)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    clock.now = NOW
    expect(await latchkey.get(id)).toMatchObject({ id })
    await expect(testInstance().latchkey.purge(null as unknown as number)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})
