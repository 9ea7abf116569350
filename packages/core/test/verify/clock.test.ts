import { performance } from 'node:perf_hooks'
import { describe, expect, test, vi } from 'vitest'
import { createLatchkey } from '../../src/index.js'
import { createClock } from '../../src/verify/clock.js'
import { testHasher } from '../support/hasher.js'
import { outcome } from '../support/outcome.js'
import { testStore } from '../support/store.js'

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
