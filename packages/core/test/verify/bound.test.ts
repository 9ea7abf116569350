import { performance } from 'node:perf_hooks'
import { describe, expect, test, vi } from 'vitest'
import { createLatchkey } from '../../src/index.js'
import { createClock } from '../../src/verify/clock.js'
import { countingHasher, testHasher } from '../support/hasher.js'
import { NOW, testInstance, twoInstances, unknownToken } from '../support/instance.js'
import { outcome, settled } from '../support/outcome.js'
import { testStore } from '../support/store.js'

const TTL = 5_000

describe('the revocation bound, with no change event arriving', () => {
  const revocations: [string, (id: string, node: ReturnType<typeof twoInstances>[1]) => Promise<unknown>, string][] = [
    ['deletion', (id, { latchkey }) => latchkey.delete(id), 'unknown'],
    ['disabling', (id, { latchkey }) => latchkey.update(id, { enabled: false }), 'disabled'],
    ['rotation', (id, { latchkey }) => latchkey.rotate(id), 'wrong_secret'],
    ['narrowing', (id, { latchkey }) => latchkey.update(id, { scopes: ['b'] }), 'scope'],
    ['fencing', (id, { latchkey }) => latchkey.update(id, { networks: ['10.0.0.0/8'] }), 'network'],
  ]

  for (const expiresAt of [undefined, 'now+1d', 'now+10y']) {
    test.each(revocations)(
      `${expiresAt ?? 'no expiry'}: a %s is seen once the ttl has passed, not before`,
      async (_, revoke, reason) => {
        const [here, there] = twoInstances()
        here.store.deaf = true
        const { id, token } = await there.create({ expiresAt })
        const ask = { scopes: ['a'], ip: '192.0.2.1' }
        expect(outcome(await here.latchkey.verify(token, ask))).toBe('ok')
        here.clock.now += 1
        await revoke(id, there)
        expect(outcome(await there.latchkey.verify(token, ask))).toBe(reason)
        here.clock.now += TTL - 2
        expect(outcome(here.latchkey.verifyCached(token, ask))).toBe('ok')
        here.clock.now += 1
        expect(here.latchkey.verifyCached(token, ask)).toBeUndefined()
        expect(outcome(await here.latchkey.verify(token, ask))).toBe(reason)
      },
    )
  }

  test('is not lengthened by use', async () => {
    const [here, there] = twoInstances()
    here.store.deaf = true
    const { id, token } = await there.create()
    await here.latchkey.verify(token)
    await there.latchkey.delete(id)
    const outcomes = []
    for (let step = 0; step < 10; step++) {
      here.clock.now += TTL / 10
      outcomes.push(outcome(await here.latchkey.verify(token)))
    }
    expect(outcomes).toEqual([...Array(9).fill('ok'), 'unknown'])
  })

  test('is not lengthened by a clock that is set back', async () => {
    const [here, there] = twoInstances()
    here.store.deaf = true
    const { id, token } = await there.create()
    await here.latchkey.verify(token)
    await there.latchkey.delete(id)
    here.clock.now -= 3_600_000
    expect(here.latchkey.verifyCached(token)).toBeUndefined()
    expect(outcome(await here.latchkey.verify(token))).toBe('unknown')
  })

  test('is not lengthened by a clock that stands still, nor for an unknown id', async () => {
    const ttl = 20
    const { latchkey, store, create } = testInstance({ cache: { ttl } })
    const { token } = await create()
    const unknown = unknownToken()
    await latchkey.verify(token)
    await latchkey.verify(unknown)
    const from = performance.now()
    while (performance.now() - from < ttl) await settled()
    expect(latchkey.verifyCached(token)).toBeUndefined()
    expect(latchkey.verifyCached(unknown)).toBeUndefined()
    const { length: before } = store.finds
    expect(outcome(await latchkey.verify(token))).toBe('ok')
    expect(store.finds.length).toBeGreaterThan(before)
  })

  test('counts from the beginning of a slow read, not from its end', async () => {
    const [here, there] = twoInstances()
    here.store.deaf = true
    const { id, token } = await there.create()
    const hold = here.store.holdFind()
    const slow = here.latchkey.verify(token)
    await hold.reached
    await there.latchkey.delete(id)
    here.clock.now += TTL - 1
    hold.release()
    expect(outcome(await slow)).toBe('ok')
    expect(outcome(here.latchkey.verifyCached(token))).toBe('ok')
    here.clock.now += 1
    expect(outcome(await here.latchkey.verify(token))).toBe('unknown')
  })

  test('holds for those who come while a read from before hangs', async () => {
    const [here, there] = twoInstances()
    here.store.deaf = true
    const { id, token } = await there.create()
    await here.latchkey.verify(token)
    here.clock.now += TTL
    const hold = here.store.holdFind()
    const early = here.latchkey.verify(token)
    await hold.reached
    await there.latchkey.update(id, { enabled: false })
    here.clock.now += TTL
    const late = here.latchkey.verify(token)
    await settled()
    hold.release()
    expect(outcome(await early)).toBe('ok')
    expect(outcome(await late)).toBe('disabled')
    expect(outcome(await here.latchkey.verify(token))).toBe('disabled')
  })

  test('holds for a proof that waited long: it is judged by what is true when it ends', async () => {
    const [here, there] = twoInstances({ hasher: countingHasher(testHasher, true) })
    here.store.deaf = true
    const { id, token } = await there.create()
    const hold = here.hasher.holdVerify()
    const waiting = here.latchkey.verify(token)
    await hold.reached
    await there.latchkey.update(id, { enabled: false })
    here.clock.now += TTL
    hold.release()
    expect(outcome(await waiting)).toBe('disabled')
  })
})

describe('a change event', () => {
  test('is as good as a change on this node', async () => {
    const [here, there] = twoInstances()
    const { id, token } = await there.create()
    await here.latchkey.verify(token)
    await there.latchkey.update(id, { enabled: false })
    await settled()
    expect(outcome(await here.latchkey.verify(token))).toBe('disabled')
    await there.latchkey.update(id, { enabled: true })
    await settled()
    expect(outcome(await here.latchkey.verify(token))).toBe('ok')
    await there.latchkey.delete(id)
    await settled()
    expect(outcome(await here.latchkey.verify(token))).toBe('unknown')
  })

  test('reset drops everything, unknown ids too', async () => {
    const { latchkey, store, create } = testInstance()
    const tokens = [await create(), await create()].map(({ token }) => token)
    const unknown = unknownToken()
    for (const token of [...tokens, unknown]) await latchkey.verify(token)
    store.emit('reset')
    for (const token of [...tokens, unknown]) expect(latchkey.verifyCached(token)).toBeUndefined()
  })

  test('lagging and live change nothing but what stats tell', async () => {
    const { latchkey, store, create } = testInstance()
    const { token } = await create()
    await latchkey.verify(token)
    store.emit('lagging')
    expect(latchkey.stats().lagging).toBe(true)
    expect(outcome(latchkey.verifyCached(token))).toBe('ok')
    store.emit('live')
    expect(latchkey.stats().lagging).toBe(false)
  })
})

describe('while the store is away', () => {
  const down = new Error('down')

  test('a verdict older than the ttl is no verdict', async () => {
    const { latchkey, store, clock, create } = testInstance()
    const { token } = await create()
    await latchkey.verify(token)
    store.failing.set('find', down)
    clock.now += TTL - 1
    expect(outcome(await latchkey.verify(token))).toBe('ok')
    clock.now += 1
    await expect(latchkey.verify(token)).rejects.toMatchObject({ code: 'ERR_STORE', status: 503, cause: down })
    expect(latchkey.verifyCached(token)).toBeUndefined()
    await expect(latchkey.verify(unknownToken())).rejects.toMatchObject({ code: 'ERR_STORE' })
    store.failing.clear()
    expect(outcome(await latchkey.verify(token))).toBe('ok')
  })

  test('staleIfError lengthens the life of what is known, and of nothing else', async () => {
    const { latchkey, store, clock, create } = testInstance({ cache: { staleIfError: 60_000 } })
    const { token } = await create({ expiresAt: NOW + 50_000 })
    await latchkey.verify(token)
    const other = await create()
    store.failing.set('find', down)
    clock.now += 49_999
    expect(latchkey.verifyCached(token)).toBeUndefined()
    expect(outcome(await latchkey.verify(token))).toBe('ok')
    await expect(latchkey.verify(other.token)).rejects.toMatchObject({ code: 'ERR_STORE' })
    clock.now += 1
    expect(outcome(await latchkey.verify(token))).toBe('expired')
    clock.now = NOW + TTL + 59_999
    expect(outcome(await latchkey.verify(token))).toBe('expired')
    clock.now += 1
    await expect(latchkey.verify(token)).rejects.toMatchObject({ code: 'ERR_STORE' })
  })

  test('staleIfError revives nothing that is known to have changed', async () => {
    const { latchkey, store, clock, create } = testInstance({ cache: { staleIfError: 60_000 } })
    const { id, token } = await create()
    await latchkey.verify(token)
    clock.now += TTL
    const hold = store.holdFind()
    const asking = latchkey.verify(token)
    await hold.reached
    store.emit({ ids: [id] })
    hold.fail(down)
    await expect(asking).rejects.toMatchObject({ code: 'ERR_STORE' })
    await expect(latchkey.verify(token)).resolves.toMatchObject({ ok: true })
  })
})

test('an expiry of now is past, on a miss and on a hit; the moment before is not', async () => {
  const { latchkey, clock, create } = testInstance()
  const { token } = await create({ expiresAt: NOW + 10 })
  clock.now = NOW + 9
  expect(outcome(await latchkey.verify(token))).toBe('ok')
  expect(outcome(latchkey.verifyCached(token))).toBe('ok')
  clock.now = NOW + 10
  expect(outcome(latchkey.verifyCached(token))).toBe('expired')
  clock.now = NOW + 10 + TTL
  expect(outcome(await latchkey.verify(token))).toBe('expired')
})

test('a clock that tells no time lets nobody in who has an expiry', async () => {
  const { latchkey, clock, create } = testInstance()
  const { token } = await create({ expiresAt: NOW + 10 })
  await latchkey.verify(token)
  clock.now = Number.NaN
  expect(latchkey.verifyCached(token)).toBeUndefined()
  expect(outcome(await latchkey.verify(token))).toBe('expired')
})

/** Nothing else runs meanwhile, timers neither: as while a process is frozen, or busy with something long. */
function standStill(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe('with the clock of the system', () => {
  test('the bound holds right after the process stood still for long', async () => {
    const ttl = 1_100
    const store = testStore()
    const latchkey = createLatchkey({ store, hasher: testHasher, cache: { ttl } })
    const { token } = await latchkey.create({ name: 'n', owner: 'o', scopes: ['a'] })
    await latchkey.verify(token)
    expect(outcome(latchkey.verifyCached(token))).toBe('ok')
    standStill(ttl)
    expect(latchkey.verifyCached(token)).toBeUndefined()
    await latchkey.close()
  })

  test('a last use is the time of the use', async () => {
    const store = testStore()
    const latchkey = createLatchkey({ store, hasher: testHasher })
    const { id, token } = await latchkey.create({ name: 'n', owner: 'o', scopes: ['a'] })
    const before = Date.now()
    await latchkey.verify(token)
    latchkey.verifyCached(token)
    const after = Date.now()
    await latchkey.flush()
    const { lastUsedAt = 0 } = await latchkey.get(id)
    expect(lastUsedAt).toBeGreaterThanOrEqual(before)
    expect(lastUsedAt).toBeLessThanOrEqual(after)
    await latchkey.close()
  })
})

describe('ages', () => {
  test('are judged by both clocks: each of them alone can make a reading old', () => {
    const read = 1_000_000
    const host = { at: read }
    const clock = createClock(() => host.at)
    const then = clock.moment()
    expect(clock.isRecent(then, 5_000)).toBe(true)
    host.at = read + 4_999
    expect(clock.isRecent(then, 5_000)).toBe(true)
    host.at = read + 5_000
    expect(clock.isRecent(then, 5_000)).toBe(false)
    host.at = read - 1
    expect(clock.isRecent(then, 5_000)).toBe(false)
    host.at = Number.NaN
    expect(clock.isRecent(then, 5_000)).toBe(false)
    host.at = read
    expect(clock.isRecent({ ...then, monotonic: then.monotonic - 5_001 }, 5_000)).toBe(false)
    expect(clock.isRecent({ ...then, monotonic: then.monotonic - 4_500 }, 5_000)).toBe(true)
  })

  test("of the system's clock, too", () => {
    const clock = createClock(Date.now)
    const { host, monotonic } = clock.moment()
    expect(clock.isRecent({ host, monotonic }, 5_000)).toBe(true)
    expect(clock.isRecent({ host: host - 5_001, monotonic }, 5_000)).toBe(false)
    expect(clock.isRecent({ host: host + 60_000, monotonic }, 5_000)).toBe(false)
    expect(clock.isRecent({ host, monotonic: monotonic - 5_001 }, 5_000)).toBe(false)
  })
})

test('the coarse clock needs a timer only while ages are asked for', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const clock = createClock(Date.now)
    const then = clock.moment()
    expect(vi.getTimerCount()).toBe(0)
    for (let i = 0; i < 3; i++) {
      expect(clock.isRecent(then, 60_000)).toBe(true)
      expect(vi.getTimerCount()).toBe(1)
      vi.advanceTimersByTime(100)
    }
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(100)
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
