import { afterEach, describe, expect, test, vi } from 'vitest'
import type { EnvironmentStore, TokenUse } from '../../src/store.js'
import { unused } from '../../src/verify/usage.js'
import { createWriteBehind } from '../../src/verify/write-behind.js'
import { forged, NOW, testInstance } from '../support/instance.js'
import { outcome, published, settled } from '../support/outcome.js'

const HOUR = 3_600_000

describe('last uses', () => {
  test('are not written by a verification, only by a flush', async () => {
    const { latchkey, store, clock, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const { id, token } = await create()
    await latchkey.verify(token, { ip: '192.0.2.1' })
    await settled()
    expect(store.touched).toEqual([])
    expect(latchkey.stats().pendingUses).toBe(1)
    expect(await latchkey.get(id)).not.toHaveProperty('lastUsedAt')
    const flushed = await published('flushed', () => latchkey.flush())
    expect(flushed).toEqual([{ environment: latchkey.environment, uses: 1, rehashed: 0 }])
    expect(store.touched).toEqual([[{ id, gen: 1, at: clock.now, ip: '192.0.2.1' }]])
    expect(await latchkey.get(id)).toMatchObject({ lastUsedAt: clock.now, lastUsedIp: '192.0.2.1' })
    expect(latchkey.stats().pendingUses).toBe(0)
  })

  test('carry no address that is too long to be one', async () => {
    const { latchkey, clock, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const { id, token } = await create()
    await latchkey.verify(token, { ip: `<${'x'.repeat(10_000)}>` })
    await latchkey.flush()
    expect(await latchkey.get(id)).toMatchObject({ lastUsedAt: clock.now })
    expect(await latchkey.get(id)).not.toHaveProperty('lastUsedIp')
  })

  test('are coalesced per token, the newest wins, its address too', async () => {
    const { latchkey, store, clock, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const { id, token } = await create()
    const other = await create()
    await latchkey.verify(token, { ip: '192.0.2.1' })
    await latchkey.verify(other.token, { ip: '192.0.2.9' })
    for (let i = 0; i < 100; i++) {
      // Past several refreshes of the entry.
      clock.now += 400
      expect(outcome(await latchkey.verify(token, { ip: `192.0.2.${i + 2}` }))).toBe('ok')
    }
    await latchkey.verify(token)
    await latchkey.flush()
    expect(store.touched).toEqual([
      [
        { id, gen: 1, at: clock.now },
        { id: other.id, gen: 1, at: NOW, ip: '192.0.2.9' },
      ],
    ])
  })

  test('are kept apart for the two secrets of a rotation', async () => {
    const { latchkey, clock, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const { id, token } = await create()
    const rotated = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    await latchkey.verify(rotated.token, { ip: '192.0.2.2' })
    clock.now += 1
    await latchkey.verify(token, { ip: '192.0.2.1' })
    await latchkey.flush()
    expect(await latchkey.get(id)).toMatchObject({
      lastUsedAt: NOW + 1,
      lastUsedIp: '192.0.2.1',
      previousSecret: { lastUsedAt: NOW + 1, lastUsedIp: '192.0.2.1' },
    })
    await latchkey.finishRotation(id)
    expect(await latchkey.get(id)).toMatchObject({ lastUsedAt: NOW + 1 })
  })

  test('of a denied request are none', async () => {
    const { latchkey, store, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const fenced = await create({ networks: ['10.0.0.0/8'] })
    const disabled = await create({ enabled: false })
    const expired = await create({ expiresAt: NOW + 1 })
    await latchkey.verify(expired.token, { scopes: ['b'] })
    await latchkey.verify(fenced.token, { ip: '192.0.2.1' })
    await latchkey.verify(fenced.token, { ip: '10.0.0.1', scopes: ['b'] })
    await latchkey.verify(forged(fenced.token), { ip: '10.0.0.1' })
    await latchkey.verify(disabled.token)
    await latchkey.lookup(fenced.token)
    await latchkey.explain({ token: fenced.token, ip: '10.0.0.1' })
    expect(latchkey.stats()).toMatchObject({ pendingUses: 0, verified: 0, denied: 5 })
    await latchkey.flush()
    expect(store.touched).toEqual([])
  })

  test('are not kept with lastUsed: false', async () => {
    const { latchkey, store, create } = testInstance({ lastUsed: false })
    const { id, token } = await create()
    for (let i = 0; i < 10; i++) await latchkey.verify(token)
    expect(latchkey.stats()).toMatchObject({ pendingUses: 0, verified: 10 })
    await latchkey.flush()
    await latchkey.close()
    expect(store.touched).toEqual([])
    expect(await (await store.open(latchkey.environment)).find(id)).not.toHaveProperty('lastUsedAt')
  })

  test('are written by themselves, every interval', async () => {
    const { latchkey, store, create } = testInstance({ lastUsed: { flushInterval: 10 } })
    const { token } = await create()
    for (const round of [1, 2]) {
      await latchkey.verify(token)
      const hold = store.holdTouch()
      await hold.reached
      hold.release()
      expect(store.touched).toHaveLength(round)
    }
    await latchkey.close()
  })

  test('that could not be written are kept, and the newest of them written later', async () => {
    const { latchkey, store, clock, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const first = await create()
    const second = await create()
    await latchkey.verify(first.token)
    await latchkey.verify(second.token)
    store.failing.set('touch', new Error('down'))
    const errors = await published('store-error', () =>
      expect(latchkey.flush()).rejects.toMatchObject({ code: 'ERR_STORE' }),
    )
    expect(errors).toMatchObject([{ operation: 'touch' }])
    expect(latchkey.stats().pendingUses).toBe(2)
    clock.now += 1
    await latchkey.verify(second.token)
    store.failing.clear()
    await latchkey.flush()
    expect(await latchkey.get(first.id)).toMatchObject({ lastUsedAt: NOW })
    expect(await latchkey.get(second.id)).toMatchObject({ lastUsedAt: NOW + 1 })
    expect(latchkey.stats().pendingUses).toBe(0)
  })

  test('noted while a flush runs belong to the next one, and none is lost', async () => {
    const { latchkey, store, clock, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const { id, token } = await create()
    await latchkey.verify(token)
    const hold = store.holdTouch()
    const flushing = latchkey.flush()
    await hold.reached
    clock.now += 1
    await latchkey.verify(token)
    const again = latchkey.flush()
    hold.release()
    await Promise.all([flushing, again])
    expect(store.touched.map(([use]) => use?.at)).toEqual([NOW, NOW + 1])
    expect(await latchkey.get(id)).toMatchObject({ lastUsedAt: NOW + 1 })
  })

  test('go to the store in batches', async () => {
    const { latchkey, store, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const tokens = await Promise.all(Array.from({ length: 1_100 }, async () => (await create()).token))
    for (const token of tokens) await latchkey.verify(token)
    await latchkey.flush()
    expect(store.touched.map(({ length }) => length)).toEqual([500, 500, 100])
  })

  test('never bring a deleted token back, nor undo what was changed', async () => {
    const { latchkey, create } = testInstance({ lastUsed: { flushInterval: HOUR } })
    const gone = await create()
    const disabled = await create()
    await latchkey.verify(gone.token)
    await latchkey.verify(disabled.token)
    await latchkey.delete(gone.id)
    await latchkey.update(disabled.id, { enabled: false, name: 'm' })
    await latchkey.flush()
    await expect(latchkey.get(gone.id)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    expect(await latchkey.get(disabled.id)).toMatchObject({ enabled: false, name: 'm', lastUsedAt: NOW })
  })
})

describe('the queue of uses', () => {
  /** Writes to a store of which only `touch` is there, and works when it may. */
  function queue() {
    const touched: TokenUse[] = []
    const state = { down: false }
    const store: Pick<EnvironmentStore, 'touch'> = {
      async touch(uses) {
        if (state.down) throw new Error('down')
        touched.push(...uses)
      },
    }
    const writes = createWriteBehind(async () => store as EnvironmentStore, { environment: 'e', interval: HOUR })
    const use = (id: string, at: number, ip?: string) => writes.usage.touch(unused(id, 1), at, ip)
    return { writes, touched, state, use }
  }

  test('holds one use of a token between two flushes, however often the token is evicted and proven again', async () => {
    const { writes, touched, use } = queue()
    for (let i = 1; i <= 300_000; i++) use('lk.A', i)
    expect(writes.pending).toBe(1)
    await writes.flush()
    expect(touched).toEqual([{ id: 'lk.A', gen: 1, at: 300_000 }])
    writes.stop()
  })

  test('gives up the oldest uses when too many wait for a store that is away', async () => {
    const { writes, touched, state, use } = queue()
    state.down = true
    use('lk.first', 1)
    use('lk.second', 1)
    await expect(writes.flush()).rejects.toThrow()
    use('lk.first', 2)
    for (let i = 0; i < 99_999; i++) use(`lk.${i}`, 3)
    await expect(writes.flush()).rejects.toThrow()
    expect(writes.pending).toBe(100_000)
    state.down = false
    await writes.flush()
    expect(touched).toHaveLength(100_000)
    expect(touched[0]).toEqual({ id: 'lk.first', gen: 1, at: 2 })
    expect(touched.some(({ id }) => id === 'lk.second')).toBe(false)
    writes.stop()
  })

  test('keeps the newest use of a secret with its own address, and writes each once', async () => {
    const { writes, touched } = queue()
    const used = unused('lk.A', 1)
    const touch = (at: number, ip?: string) => writes.usage.touch(used, at, ip)
    for (const at of [1, 2]) for (const ip of [1, 2, 3]) touch(at, `192.0.2.${ip}${at}`)
    await writes.flush()
    await writes.flush()
    touch(2, '::ffff:192.0.2.4')
    await writes.flush()
    touch(3, '192.0.2.5')
    touch(3)
    await writes.flush()
    expect(touched).toEqual([
      { id: 'lk.A', gen: 1, at: 2, ip: '192.0.2.32' },
      { id: 'lk.A', gen: 1, at: 2, ip: '192.0.2.4' },
      { id: 'lk.A', gen: 1, at: 3 },
    ])
    writes.stop()
  })

  test('an older use noted later does not win', async () => {
    const { writes, touched, use } = queue()
    use('lk.A', 5, '192.0.2.5')
    use('lk.A', 4, '192.0.2.4')
    await writes.flush()
    expect(touched).toEqual([{ id: 'lk.A', gen: 1, at: 5, ip: '192.0.2.5' }])
    writes.stop()
  })

  describe('with its timer', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    test('begins with the first use, and leaves nothing behind when stopped, whatever comes after', () => {
      vi.useFakeTimers()
      const { writes, use } = queue()
      expect(vi.getTimerCount()).toBe(0)
      use('lk.A', 1)
      use('lk.B', 1)
      expect(vi.getTimerCount()).toBe(1)
      writes.stop()
      use('lk.C', 1)
      expect(vi.getTimerCount()).toBe(0)
      const fresh = queue()
      fresh.writes.stop()
      fresh.writes.rehashes.add({ id: 'lk.A', tag: '', from: 'a', to: 'b' })
      fresh.use('lk.A', 1)
      expect(vi.getTimerCount()).toBe(0)
    })
  })
})
