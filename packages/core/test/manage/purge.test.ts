import { expect, test, vi } from 'vitest'
import { DAY, NOW, testInstance } from '../support/instance.js'
import { testStore } from '../support/store.js'

const GOOD = { name: 'nightly', owner: 'ada', scopes: ['a'] }

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
