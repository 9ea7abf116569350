import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { forged, NOW, testInstance, twoInstances, unknownToken } from '../support/instance.js'
import { outcome, published, settled } from '../support/outcome.js'

const EVENTS = [
  'verified',
  'denied',
  'created',
  'updated',
  'rotated',
  'deleted',
  'reuse',
  'flushed',
  'store-error',
  'lagging',
]
/** Those that tell how Latchkey works, not what happens to tokens. */
const MEASURES = ['cache-miss', 'store-call', 'invalidated']

describe('events', () => {
  test('of verifications tell environment, id, address and the finer reason', async () => {
    const { latchkey, clock, create } = testInstance()
    const { environment } = latchkey
    const { id, token } = await create({ expiresAt: NOW + 1, networks: ['10.0.0.0/8'] })
    const unknown = unknownToken()
    const ip = '10.0.0.1'
    const verified = await published('verified', async () => {
      await latchkey.verify(token, { ip })
      latchkey.verifyCached(token, { ip })
    })
    expect(verified).toEqual([
      { environment, id, ip },
      { environment, id, ip },
    ])
    const denied = await published('denied', async () => {
      await latchkey.verify('junk', { ip })
      await latchkey.verify(unknown)
      await latchkey.verify(forged(token))
      await latchkey.verify(token)
      await latchkey.verify(token, { ip, scopes: ['b'] })
      clock.now += 1
      latchkey.verifyCached(token, { ip })
    })
    expect(denied).toEqual([
      { environment, reason: 'malformed', ip },
      { environment, reason: 'unknown', id: unknown.slice(0, 27) },
      { environment, reason: 'wrong_secret', id },
      { environment, reason: 'network', id },
      { environment, reason: 'scope', id, ip },
      { environment, reason: 'expired', id, ip },
    ])
  })

  test('come for everything that happens to a token, and none holds a secret', async () => {
    const { latchkey, store, create } = testInstance()
    const heard: [string, unknown][] = []
    const listeners = [...EVENTS, ...MEASURES].map(
      (name) => [`latchkey:${name}`, (message: unknown) => void heard.push([name, message])] as const,
    )
    for (const [channel, listener] of listeners) subscribe(channel, listener)
    const secrets: string[] = []
    try {
      const { id, token } = await create()
      secrets.push(token, forged(token))
      await latchkey.verify(token)
      await latchkey.verify(secrets[1] ?? '')
      await latchkey.update(id, { name: 'm' })
      for (const step of ['finishRotation', 'cancelRotation'] as const) {
        secrets.push((await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })).token)
        await latchkey[step](id)
      }
      await latchkey.verify(token)
      store.failing.set('find', new Error('down'))
      await expect(latchkey.verify(unknownToken())).rejects.toThrow()
      store.failing.clear()
      store.emit('lagging')
      store.emit('live')
      await latchkey.flush()
      await latchkey.delete(id)
    } finally {
      for (const [channel, listener] of listeners) unsubscribe(channel, listener)
    }
    const names = heard.map(([name]) => name)
    expect(new Set(names)).toEqual(new Set([...EVENTS, ...MEASURES]))
    expect(names.filter((name) => !MEASURES.includes(name))).toEqual([
      'created',
      'verified',
      'denied',
      'updated',
      'rotated',
      'rotated',
      'rotated',
      'rotated',
      'reuse',
      'denied',
      'store-error',
      'lagging',
      'lagging',
      'flushed',
      'deleted',
    ])
    const text = inspect(heard, { depth: 20, showHidden: true, maxStringLength: null })
    for (const token of secrets) expect(text).not.toContain(token.slice(28))
    expect(text).not.toMatch(/[A-Z2-7]{64}|\$hmac/)
  })
})

describe('measures', () => {
  const duration = expect.toSatisfy((ms: number) => ms >= 0 && ms < 10_000)

  test('of a cache miss come once for all that took the store or a proof, also when it fails', async () => {
    const { latchkey, store, create } = testInstance()
    const { environment } = latchkey
    const { token } = await create()
    const missed = await published('cache-miss', async () => {
      for (let i = 0; i < 3; i++) expect(outcome(await latchkey.verify(token))).toBe('ok')
      expect(outcome(await latchkey.verify('junk'))).toBe('malformed')
      store.failing.set('find', new Error('down'))
      await expect(latchkey.verify(unknownToken())).rejects.toThrow()
    })
    expect(missed).toEqual([
      { environment, duration },
      { environment, duration },
    ])
    expect(latchkey.stats()).toMatchObject({ verified: 3, denied: 1, cacheHits: 2 })
  })

  test('of a cache miss cover the wait for the store', async () => {
    const { latchkey, store, create } = testInstance()
    const { token } = await create()
    const hold = store.holdFind()
    const [missed] = await published('cache-miss', async () => {
      const verdict = latchkey.verify(token)
      await hold.reached
      const until = performance.now() + 5
      while (performance.now() < until) await settled()
      hold.release()
      await verdict
    })
    expect(missed?.duration).toBeGreaterThanOrEqual(5)
  })

  test('of the store come for every call, also for those that fail', async () => {
    const { latchkey, store, create } = testInstance()
    const { environment } = latchkey
    const calls = await published('store-call', async () => {
      const { id, token } = await create()
      await latchkey.verify(token)
      await latchkey.list()
      await latchkey.flush()
      await latchkey.delete(id)
      store.failing.set('find', new Error('down'))
      await expect(latchkey.get(id)).rejects.toThrow()
    })
    const operations = ['watch', 'insert', 'find', 'list', 'touch', 'find', 'remove', 'find']
    expect(calls).toEqual(operations.map((operation) => ({ environment, operation, duration })))
  })

  test('of a revocation: the node that made it tells of the deletion, every other of its arrival', async () => {
    const [one, other] = twoInstances()
    const { environment } = one.latchkey
    const { id } = await one.create()
    await other.latchkey.ready()
    const arrived = await published('invalidated', async () => {
      await one.latchkey.delete(id)
      await settled()
      other.store.emit('reset')
    })
    expect(arrived).toEqual([
      { environment, ids: [id] },
      { environment, ids: [id] },
      { environment, ids: 'all' },
    ])
  })
})

test('no error of a failing store holds a secret', async () => {
  const { latchkey, store, create } = testInstance()
  const { token, id } = await create()
  store.failing.set('find', new Error('down'))
  for (const call of [
    () => latchkey.verify(token),
    () => latchkey.lookup(token),
    () => latchkey.revoke(token),
    () => latchkey.delete(token),
    () => latchkey.explain({ token }),
    () => latchkey.rotate(id),
  ]) {
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'ERR_STORE' })
    expect(inspect(error, { depth: 20 })).not.toContain(token.slice(28))
  }
})

describe('every refusal of a bad token', () => {
  test('is the same work for the store: at most one read, then none', async () => {
    const { latchkey, store, clock, hasher, create } = testInstance()
    const wrong = forged((await create()).token)
    const disabled = (await create({ enabled: false })).token
    const expired = (await create({ expiresAt: NOW + 1 })).token
    clock.now += 1
    const reads = async (token: string) => {
      const before = store.finds.length
      await latchkey.verify(token)
      const first = store.finds.length - before
      expect(latchkey.verifyCached(token)).toMatchObject({ ok: false })
      return [first, store.finds.length - before]
    }
    for (const token of [unknownToken(), wrong, disabled, expired]) expect(await reads(token)).toEqual([1, 1])
    for (const junk of ['junk', `${wrong.slice(0, -1)}!`]) expect(await reads(junk)).toEqual([0, 0])
    // Only holders of the right secret cost a proof.
    expect(hasher.verifies).toBe(2)
  })

  test('is a value that cannot be changed', async () => {
    const { latchkey } = testInstance()
    const verdict = latchkey.verifyCached('junk')
    expect(outcome(verdict)).toBe('malformed')
    expect(() => Object.assign(verdict as object, { ok: true })).toThrow(TypeError)
    await settled()
  })
})
