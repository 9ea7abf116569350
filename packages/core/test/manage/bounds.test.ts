import { describe, expect, test, vi } from 'vitest'
import { createPageQueue, type Release } from '../../src/manage/page-queue.js'
import { createProofQueue } from '../../src/secret/proof-queue.js'
import { countingHasher } from '../support/hasher.js'
import { testInstance } from '../support/instance.js'

const OVERLOADED = { code: 'ERR_OVERLOADED', status: 503 }

/** Which of these are fulfilled after the microtasks that are due. Pages that a test leaves waiting are refused later. */
async function settled(promises: readonly Promise<unknown>[]): Promise<number[]> {
  const done: number[] = []
  for (const [i, promise] of promises.entries())
    void promise.then(
      () => done.push(i),
      () => undefined,
    )
  await new Promise((resolve) => setImmediate(resolve))
  return done
}

describe('pages', () => {
  test('of one caller are four at a time, and one large; the others wait in order', async () => {
    const queue = createPageQueue()
    const small = Array.from({ length: 6 }, () => queue.enter('ada', 100, undefined))
    expect(await settled(small)).toEqual([0, 1, 2, 3])
    ;(await small[0])?.()
    expect(await settled(small)).toContain(4)

    const large = Array.from({ length: 3 }, () => queue.enter('bob', 10_000, undefined))
    expect(await settled(large)).toEqual([0])
    const release = (await large[0]) as Release
    release()
    release()
    expect(await settled(large)).toEqual([0, 1])
  })

  test('of many callers are four large ones at a time, and a small one never waits for them', async () => {
    const queue = createPageQueue()
    const large = Array.from({ length: 6 }, (_, i) => queue.enter(`caller ${i}`, 10_000, undefined))
    expect(await settled(large)).toEqual([0, 1, 2, 3])
    expect(await settled([queue.enter('neighbour', 100, undefined)])).toEqual([0])
    ;(await large[1])?.()
    expect(await settled(large)).toContain(4)
  })

  test('that nobody waits for leave the queue, and are not begun', async () => {
    const queue = createPageQueue()
    const gone = new AbortController()
    const release = await queue.enter('ada', 10_000, undefined)
    const abandoned = queue.enter('ada', 10_000, gone.signal)
    const next = queue.enter('ada', 10_000, undefined)
    gone.abort(new Error('closed'))
    await expect(abandoned).rejects.toThrow('closed')
    await expect(queue.enter('ada', 1, gone.signal)).rejects.toThrow('closed')
    release()
    expect(await settled([next])).toEqual([0])
  })

  test('beyond a hundred that wait are refused, of this caller alone', async () => {
    const queue = createPageQueue()
    const pages = Array.from({ length: 104 }, () => queue.enter('ada', 100, undefined))
    await expect(queue.enter('ada', 100, undefined)).rejects.toMatchObject(OVERLOADED)
    expect(await settled([queue.enter('bob', 100, undefined)])).toEqual([0])
    for (const page of pages) void page.then((release) => release())
    expect(await settled(pages)).toHaveLength(104)
  })

  test('wait five seconds at most, and are held for a minute at most', async () => {
    vi.useFakeTimers()
    try {
      const queue = createPageQueue()
      await queue.enter('ada', 10_000, undefined)
      const late = expect(queue.enter('ada', 10_000, undefined)).rejects.toMatchObject(OVERLOADED)
      await vi.advanceTimersByTimeAsync(5_000)
      await late
      await vi.advanceTimersByTimeAsync(55_000)
      await expect(queue.enter('ada', 10_000, undefined)).resolves.toBeTypeOf('function')
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('slow hashes', () => {
  test('of one caller are bounded, and those of another go on', async () => {
    const queue = createProofQueue({ concurrency: 1, maxPerCaller: 50 })
    let finish = (): void => undefined
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const jobs = Array.from({ length: 50 }, (_, i) => queue.run(`a${i}`, () => held, 'ada'))
    await expect(queue.run('a50', () => held, 'ada')).rejects.toMatchObject(OVERLOADED)
    const other = queue.run('b', () => held, 'bob')
    finish()
    await Promise.all([...jobs, other])
    await expect(queue.run('a51', () => held, 'ada')).resolves.toBeUndefined()
  })

  test('of one token that is rotated many times at once are one; the other rotations lose the race', async () => {
    const hasher = countingHasher()
    Object.assign(hasher, { slow: true })
    const { latchkey, create } = testInstance({ hasher })
    const { id } = await create()
    const { hashes } = hasher
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => latchkey.rotate(id)))
    const codes = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'done' : outcome.reason.code))
    expect(codes.filter((code) => code === 'done')).toHaveLength(1)
    expect(codes.filter((code) => code === 'ERR_RACE')).toHaveLength(99)
    expect(hasher.hashes).toBe(hashes + 1)
    await expect(latchkey.rotate(id)).resolves.toMatchObject({ id })
  })
})

describe('what is judged in time is not written after the time is over', () => {
  const MINUTE = 60_000
  /** An instance whose audit takes two minutes before each write, once it is asked to. */
  function slow() {
    const state = { takes: 0 }
    const clock = { now: Date.UTC(2026, 0, 15, 12) }
    const setup = testInstance({
      clock,
      onAudit({ outcome }) {
        if (outcome === 'begun') clock.now += state.takes
      },
    })
    return { ...setup, state, clock }
  }

  test('an expired token is not renewed', async () => {
    const { latchkey, create, state, clock } = slow()
    const { id, token } = await create({ expiresAt: clock.now + MINUTE })
    state.takes = 2 * MINUTE
    await expect(latchkey.update(id, { expiresAt: 'now+90d' })).rejects.toMatchObject({ code: 'ERR_STATE' })
    expect((await latchkey.verify(token)).ok).toBe(false)
  })

  test('a secret whose overlap has ended does not come back', async () => {
    const { latchkey, create, state, clock } = slow()
    const { id, token } = await create()
    await latchkey.rotate(id, { previousExpiresAt: clock.now + MINUTE })
    state.takes = 2 * MINUTE
    await expect(latchkey.cancelRotation(id)).rejects.toMatchObject({ code: 'ERR_STATE' })
    expect((await latchkey.verify(token)).ok).toBe(false)
  })

  test('a caller in process whose access has ended writes nothing', async () => {
    const { latchkey, create, state, clock } = slow()
    const { id } = await create({ owner: 'ada' })
    const caller = { owner: 'ada', scopes: ['apiTokens.*'], expiresAt: clock.now + MINUTE }
    state.takes = 2 * MINUTE
    await expect(latchkey.delete(id, { caller })).rejects.toMatchObject({ code: 'ERR_NOT_ALLOWED' })
    expect((await latchkey.get(id)).id).toBe(id)
  })
})

test.each([1, 'true', null])('a caller whose `personal` is %j counts as personal', async (personal) => {
  const { latchkey, create } = testInstance()
  const { id } = await create({ owner: 'bob' })
  const caller = { owner: 'eve', scopes: ['*'], personal: personal as unknown as boolean }
  await expect(latchkey.delete(id, { caller })).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
})

test('the audit does not hold what is written', async () => {
  const { latchkey, create } = testInstance({
    onAudit({ changes }) {
      Object.assign(Object(changes?.metadata?.to), { secret: '[redacted]' })
    },
  })
  const { id } = await create({ metadata: { secret: 'kept' } })
  expect((await latchkey.get(id)).metadata).toEqual({ secret: 'kept' })
})

test.each([5, null, true])('a cursor that is no text is an invalid input: %j', async (cursor) => {
  const { latchkey } = testInstance()
  const list = latchkey.list({ cursor } as unknown as { cursor: string })
  await expect(list).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' })
})
