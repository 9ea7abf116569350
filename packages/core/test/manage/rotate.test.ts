import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, test } from 'vitest'
import type { Latchkey } from '../../src/index.js'
import { DAY, hostCaller, MINUTE, NOW, testInstance, twoInstances } from '../support/instance.js'
import { refused } from '../support/outcome.js'

const GOOD = { name: 'nightly', owner: 'ada', scopes: ['reports.read'] }
const HOUR = 60 * MINUTE

async function created(input: object = {}, options: Parameters<typeof testInstance>[0] = {}) {
  const setup = testInstance(options)
  const issued = await setup.latchkey.create({ ...GOOD, ...input })
  return { ...setup, ...issued }
}

async function reasons(latchkey: Latchkey, ...tokens: string[]): Promise<string[]> {
  const verdicts = await Promise.all(tokens.map((token) => latchkey.verify(token)))
  return verdicts.map((verdict) => (verdict.ok ? 'ok' : verdict.denial.reason))
}

describe('without an overlap', () => {
  test('every older secret dies at once, the rest stays', async () => {
    const { latchkey, token, id, clock, apiToken } = await created({ networks: [], metadata: { a: 1 } })
    expect(await reasons(latchkey, token)).toEqual(['ok'])
    clock.now += MINUTE
    const second = await latchkey.rotate(id)
    expect(second.token.startsWith(`${id}.`)).toBe(true)
    expect(second.apiToken).toEqual({ ...apiToken, rotatedAt: clock.now })
    expect(latchkey.verifyCached(token)).not.toMatchObject({ ok: true })
    expect(await reasons(latchkey, token, second.token)).toEqual(['wrong_secret', 'ok'])
    const third = await latchkey.rotate(id, { previousExpiresAt: null, expiresAt: null })
    expect(await reasons(latchkey, token, second.token, third.token)).toEqual(['wrong_secret', 'wrong_secret', 'ok'])
  })

  test('in the middle of an overlap both older secrets die', async () => {
    const { latchkey, token, id } = await created()
    const second = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    expect(await reasons(latchkey, token, second.token)).toEqual(['ok', 'ok'])
    const third = await latchkey.rotate(id)
    expect(await reasons(latchkey, token, second.token, third.token)).toEqual(['wrong_secret', 'wrong_secret', 'ok'])
    expect(third.apiToken.previousSecret).toBeUndefined()
  })
})

describe('with an overlap', () => {
  test('both secrets live up to the very moment of its end', async () => {
    const { latchkey, token, id, clock } = await created()
    const { token: next, apiToken } = await latchkey.rotate(id, { previousExpiresAt: NOW + HOUR })
    expect(apiToken.previousSecret).toEqual({ expiresAt: NOW + HOUR })
    clock.now = NOW + HOUR - 1
    expect(await reasons(latchkey, token, next)).toEqual(['ok', 'ok'])
    clock.now = NOW + HOUR
    expect(await reasons(latchkey, token, next)).toEqual(['wrong_secret', 'ok'])
    expect((await latchkey.get(id)).previousSecret).toBeUndefined()
  })

  test('the last use of each secret is told apart', async () => {
    const { latchkey, token, id, clock } = await created()
    const { token: next } = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    clock.now += 1
    await latchkey.verify(token, { ip: '192.0.2.1' })
    clock.now += 1
    await latchkey.verify(next, { ip: '192.0.2.2' })
    await latchkey.flush()
    expect(await latchkey.get(id)).toMatchObject({
      lastUsedAt: NOW + 2,
      lastUsedIp: '192.0.2.2',
      previousSecret: { expiresAt: NOW + HOUR, lastUsedAt: NOW + 1, lastUsedIp: '192.0.2.1' },
    })
  })

  test('another overlap is refused while one runs, one that ran out counts as none', async () => {
    const { latchkey, token, id, clock, records } = await created()
    const second = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    const before = await records()
    expect(await refused(latchkey.rotate(id, { previousExpiresAt: 'now+2h' }))).toEqual({
      code: 'ERR_STATE',
      paths: [],
    })
    expect(await records()).toEqual(before)
    clock.now += HOUR
    expect(await refused(latchkey.finishRotation(id))).toEqual({ code: 'ERR_STATE', paths: [] })
    expect(await refused(latchkey.cancelRotation(id))).toEqual({ code: 'ERR_STATE', paths: [] })
    const third = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    expect(await reasons(latchkey, token, second.token, third.token)).toEqual(['wrong_secret', 'ok', 'ok'])
  })

  test('finished: the previous secret dies now', async () => {
    const { latchkey, token, id, clock } = await created()
    const { token: next, apiToken } = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    expect(await reasons(latchkey, token, next)).toEqual(['ok', 'ok'])
    const { previousSecret: _, ...rest } = apiToken
    expect(await latchkey.finishRotation(id)).toEqual(rest)
    expect(await reasons(latchkey, token, next)).toEqual(['wrong_secret', 'ok'])
    clock.now += 10 * HOUR
    expect(await reasons(latchkey, token, next)).toEqual(['wrong_secret', 'ok'])
    expect(await refused(latchkey.finishRotation(id))).toMatchObject({ code: 'ERR_STATE' })
  })

  test('cancelled: the new secret dies, the previous one is current again and without an end', async () => {
    const { latchkey, token, id, clock } = await created()
    const { token: next } = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    expect((await latchkey.cancelRotation(id)).previousSecret).toBeUndefined()
    expect(await reasons(latchkey, token, next)).toEqual(['ok', 'wrong_secret'])
    clock.now += 10 * HOUR
    expect(await reasons(latchkey, token, next)).toEqual(['ok', 'wrong_secret'])
    expect(await refused(latchkey.cancelRotation(id))).toMatchObject({ code: 'ERR_STATE' })
    const again = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    expect(await reasons(latchkey, token, next, again.token)).toEqual(['ok', 'wrong_secret', 'ok'])
  })

  test('generations are never used twice, tags of dead secrets are kept up to eight', async () => {
    const { latchkey, id, records } = await created()
    const gens = new Set<number>()
    for (let i = 0; i < 12; i++) {
      await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
      const [record] = await records()
      const gen = record?.secrets[0]?.gen ?? 0
      expect(gens.has(gen)).toBe(false)
      gens.add(gen)
      await (i % 2 === 0 ? latchkey.cancelRotation(id) : latchkey.finishRotation(id))
    }
    const [record] = await records()
    expect(record?.retired).toHaveLength(8)
    expect(record?.secrets).toHaveLength(1)
    expect(record?.secrets[0]).not.toHaveProperty('until')
  })
})

describe('input', () => {
  test.each<[string, object, ...string[]]>([
    ['an end of the overlap that is now', { previousExpiresAt: NOW }, 'previousExpiresAt'],
    ['a past end', { previousExpiresAt: 'now-1h' }, 'previousExpiresAt'],
    ['an end behind the expiry', { previousExpiresAt: NOW + DAY + 1 }, 'previousExpiresAt'],
    ['an end behind the new expiry', { previousExpiresAt: 'now+3h', expiresAt: 'now+2h' }, 'previousExpiresAt'],
    ['an expiry that is now', { expiresAt: NOW }, 'expiresAt'],
    ['an expiry beyond the maximum', { expiresAt: NOW + 30 * DAY + 1 }, 'expiresAt'],
    ['both wrong, and more', { previousExpiresAt: {}, expiresAt: [], x: 1 }, 'expiresAt', 'previousExpiresAt', 'x'],
  ])('%s is refused by its place, and nothing is written', async (_, input, ...paths) => {
    const { latchkey, id, records } = await created({ expiresAt: 'now+1d' }, { maxLifetime: 30 * DAY })
    const before = await records()
    expect(await refused(latchkey.rotate(id, input))).toEqual({ code: 'ERR_INVALID_INPUT', paths })
    expect(await records()).toEqual(before)
  })

  test('the overlap may last to the very expiry, also a new one; an expiry is renewed, never lost', async () => {
    const { latchkey, id } = await created({ expiresAt: 'now+1d' })
    expect((await latchkey.rotate(id)).apiToken.expiresAt).toBe(NOW + DAY)
    const renewed = await latchkey.rotate(id, { expiresAt: NOW + 2 * DAY, previousExpiresAt: NOW + 2 * DAY })
    expect(renewed.apiToken).toMatchObject({ expiresAt: NOW + 2 * DAY, previousSecret: { expiresAt: NOW + 2 * DAY } })
  })
})

describe('dead tokens', () => {
  test.each<[string, object, (latchkey: Latchkey, id: string) => Promise<unknown>, number]>([
    ['disabled', {}, (latchkey, id) => latchkey.update(id, { enabled: false }), 0],
    ['expired exactly now', { expiresAt: 'now+1h' }, async () => undefined, HOUR],
    ['long expired', { expiresAt: 'now+1h' }, async () => undefined, DAY],
  ])('%s: no rotation, not even with a new expiry', async (_, input, kill, later) => {
    const { latchkey, id, clock, records, token } = await created(input)
    await kill(latchkey, id)
    clock.now += later
    const before = await records()
    for (const rotation of [{}, { expiresAt: 'now+9d' }, { previousExpiresAt: 'now+9d', expiresAt: 'now+9d' }]) {
      expect(await refused(latchkey.rotate(id, rotation))).toEqual({ code: 'ERR_STATE', paths: [] })
    }
    expect(await records()).toEqual(before)
    expect((await latchkey.verify(token)).ok).toBe(false)
  })

  test('one that is alive for one more millisecond may be renewed', async () => {
    const { latchkey, id, clock } = await created({ expiresAt: 'now+1h' })
    clock.now += HOUR - 1
    expect((await latchkey.rotate(id, { expiresAt: 'now+1h' })).apiToken.expiresAt).toBe(clock.now + HOUR)
  })

  test('one that expires while its new secret is hashed stays dead', async () => {
    const { latchkey, clock, hasher, records } = testInstance()
    const { id } = await latchkey.create({ ...GOOD, expiresAt: 'now+1h' })
    const before = await records()
    hasher.beforeHash = () => {
      clock.now += HOUR
    }
    expect(await refused(latchkey.rotate(id, { expiresAt: 'now+9d' }))).toMatchObject({ code: 'ERR_STATE' })
    expect(await records()).toEqual(before)
  })

  test('a deleted token is not found, and stays gone', async () => {
    const { latchkey, id, records } = await created()
    await latchkey.delete(id)
    expect(await refused(latchkey.rotate(id))).toMatchObject({ code: 'ERR_NOT_FOUND' })
    expect(await records()).toEqual([])
  })
})

describe('races', () => {
  test('of N concurrent rotations exactly one wins, and exactly one new secret lives', async () => {
    const nodes = twoInstances()
    const { id, token } = await nodes[0].latchkey.create(GOOD)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 16 }, (_, i) => nodes[i % 2 === 0 ? 0 : 1].latchkey.rotate(id)),
    )
    const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(won).toHaveLength(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ERR_RACE' })
    }
    expect(await reasons(nodes[1].latchkey, token, won[0]?.token ?? '')).toEqual(['wrong_secret', 'ok'])
    expect((await nodes[0].records())[0]?.secrets).toHaveLength(1)
  })

  test.each(['rotate', 'finishRotation', 'cancelRotation'] as const)(
    '%s is not made again on top of another change',
    async (operation) => {
      const [{ latchkey, store }, other] = twoInstances()
      const { id } = await other.latchkey.create(GOOD)
      await other.latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
      store.afterFind = (found) => other.latchkey.update(found, { name: `${Math.random()}` })
      const [before] = await other.records()
      expect(await refused(latchkey[operation](id))).toEqual({ code: 'ERR_RACE', paths: [] })
      expect((await other.records())[0]?.secrets).toEqual(before?.secrets)
    },
  )

  test('a rotation does not bring back a token that was deleted meanwhile', async () => {
    const [{ latchkey, store }, other] = twoInstances()
    const { id } = await other.latchkey.create(GOOD)
    store.afterFind = (found) => other.latchkey.delete(found)
    expect(await refused(latchkey.rotate(id))).toMatchObject({ code: 'ERR_NOT_FOUND' })
    expect(await other.records()).toEqual([])
  })
})

describe('whose secret may be made', () => {
  test('a caller rotates or cancels nothing that can do more than it', async () => {
    const { latchkey, id, records } = await created({ scopes: ['admin'] })
    await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    const before = await records()
    const limited = hostCaller({ scopes: ['reports.*'] })
    const forbidden = { code: 'ERR_NOT_ALLOWED', paths: ['scopes[0]'] }
    expect(await refused(latchkey.rotate(id, {}, limited))).toEqual(forbidden)
    expect(await refused(latchkey.cancelRotation(id, limited))).toEqual(forbidden)
    expect(await records()).toEqual(before)
    // It may take power away, though.
    expect((await latchkey.finishRotation(id, limited)).previousSecret).toBeUndefined()
  })

  test('a renewal counts: not beyond the end of the caller', async () => {
    const { latchkey, id } = await created({ expiresAt: 'now+1h' })
    const caller = hostCaller({ expiresAt: NOW + DAY })
    expect(await refused(latchkey.rotate(id, { expiresAt: NOW + DAY + 1 }, caller))).toEqual({
      code: 'ERR_NOT_ALLOWED',
      paths: ['expiresAt'],
    })
    expect((await latchkey.rotate(id, { expiresAt: NOW + DAY }, caller)).apiToken.expiresAt).toBe(NOW + DAY)
  })
})

test('the use of a dead secret of a living token is noticed, without a secret', async () => {
  const { latchkey, token, id, clock } = await created({}, { environment: 'reuse' })
  const seen: unknown[] = []
  const listener = (message: unknown) => void seen.push(message)
  subscribe('latchkey:reuse', listener)
  try {
    const second = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    await latchkey.verify(token, { ip: '192.0.2.1' })
    expect(seen).toEqual([])
    clock.now += HOUR
    await latchkey.verify(token, { ip: '192.0.2.1' })
    await latchkey.rotate(id)
    await latchkey.verify(second.token)
    await latchkey.verify(second.token.slice(0, -1) + (second.token.endsWith('A') ? 'B' : 'A'))
  } finally {
    unsubscribe('latchkey:reuse', listener)
  }
  expect(seen).toEqual([
    { environment: 'reuse', id, ip: '192.0.2.1' },
    { environment: 'reuse', id },
  ])
})
