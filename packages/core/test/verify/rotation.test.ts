import { describe, expect, test } from 'vitest'
import { forged, NOW, testInstance } from '../support/instance.js'
import { outcome, published } from '../support/outcome.js'

describe('after a rotation', () => {
  test('without overlap the old secret is refused as soon as the call returns', async () => {
    const { latchkey, create } = testInstance()
    const { id, token } = await create()
    await latchkey.verify(token)
    const rotated = await latchkey.rotate(id)
    expect(rotated.id).toBe(id)
    expect(outcome(latchkey.verifyCached(token))).not.toBe('ok')
    expect(outcome(await latchkey.verify(token))).toBe('wrong_secret')
    expect(outcome(await latchkey.verify(rotated.token))).toBe('ok')
    expect(outcome(latchkey.verifyCached(token))).toBe('wrong_secret')
  })

  test('with overlap both live until the moment that was named, hits included', async () => {
    const { latchkey, clock, create } = testInstance({ cache: { ttl: 60_000 } })
    const { id, token } = await create()
    const rotated = await latchkey.rotate(id, { previousExpiresAt: NOW + 100 })
    expect(outcome(await latchkey.verify(token))).toBe('ok')
    expect(outcome(await latchkey.verify(rotated.token))).toBe('ok')
    clock.now = NOW + 99
    expect(outcome(latchkey.verifyCached(token))).toBe('ok')
    expect(outcome(latchkey.verifyCached(rotated.token))).toBe('ok')
    clock.now = NOW + 100
    expect(outcome(latchkey.verifyCached(token))).toBe('wrong_secret')
    expect(outcome(await latchkey.verify(token))).toBe('wrong_secret')
    expect(outcome(latchkey.verifyCached(rotated.token))).toBe('ok')
    expect(latchkey.stats().storeReads).toBe(1)
  })

  test('that is finished the previous secret is dead, that is cancelled the new one is', async () => {
    const { latchkey, create } = testInstance()
    for (const step of ['finishRotation', 'cancelRotation'] as const) {
      const { id, token } = await create()
      const rotated = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
      expect(outcome(await latchkey.verify(token))).toBe('ok')
      expect(outcome(await latchkey.verify(rotated.token))).toBe('ok')
      await latchkey[step](id)
      const [dead, alive] = step === 'finishRotation' ? [token, rotated.token] : [rotated.token, token]
      expect(outcome(await latchkey.verify(dead))).toBe('wrong_secret')
      expect(outcome(await latchkey.verify(alive))).toBe('ok')
    }
  })

  test('an expiry of the token counts for both secrets', async () => {
    const { latchkey, clock, create } = testInstance()
    const { id, token } = await create({ expiresAt: NOW + 100 })
    const rotated = await latchkey.rotate(id, { previousExpiresAt: NOW + 100 })
    clock.now = NOW + 100
    expect(outcome(await latchkey.verify(token))).toBe('wrong_secret')
    expect(outcome(await latchkey.verify(rotated.token))).toBe('expired')
  })
})

describe('the reuse event', () => {
  test('tells of dead secrets, by id, on a miss and on a hit', async () => {
    const { latchkey, environment, clock, id, first, second } = await rotatedTwice()
    const heard = await published('reuse', async () => {
      await latchkey.verify(first, { ip: '192.0.2.1' })
      latchkey.verifyCached(first)
      await latchkey.verify(second)
      clock.now += 60_000
      // The overlap ran out meanwhile: now the second is dead as well, but not retired yet.
      latchkey.verifyCached(second)
      await latchkey.verify(second)
    })
    expect(heard).toEqual([
      { environment, id, ip: '192.0.2.1' },
      { environment, id },
      { environment, id },
      { environment, id },
    ])
  })

  test('is silent about living secrets and about junk', async () => {
    const { latchkey, second, third } = await rotatedTwice()
    const heard = await published('reuse', async () => {
      for (let i = 0; i < 100; i++) await latchkey.verify(forged(third))
      await latchkey.verify(second)
      await latchkey.verify(third)
    })
    expect(heard).toEqual([])
  })

  async function rotatedTwice() {
    const { latchkey, clock, create } = testInstance({ cache: { ttl: 120_000 } })
    const { id, token: first } = await create()
    const { token: second } = await latchkey.rotate(id)
    const { token: third } = await latchkey.rotate(id, { previousExpiresAt: 'now+1m' })
    return { latchkey, environment: latchkey.environment, clock, id, first, second, third }
  }
})
