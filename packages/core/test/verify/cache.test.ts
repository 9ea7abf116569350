import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tokenFormat } from '../../src/token/format.js'
import { createTokenCache } from '../../src/verify/cache.js'
import { createClock } from '../../src/verify/clock.js'
import { createCompiler } from '../../src/verify/compiler.js'
import { createEntry, type Entry } from '../../src/verify/entry.js'
import { forged, NOW, testInstance, unknownToken } from '../support/instance.js'
import { outcome, published, settled } from '../support/outcome.js'

describe('a hit', () => {
  test('is synchronous, reads nothing from the store and proves nothing', async () => {
    const { latchkey, store, hasher, create } = testInstance()
    const { token, id } = await create()
    expect(latchkey.verifyCached(token)).toBeUndefined()
    await latchkey.verify(token)
    expect(store.finds).toEqual([id])
    for (let i = 0; i < 100; i++) expect(outcome(latchkey.verifyCached(token))).toBe('ok')
    expect(store.finds).toEqual([id])
    expect(hasher.verifies).toBe(1)
    expect(latchkey.stats()).toMatchObject({ verified: 101, denied: 0, cacheHits: 100, storeReads: 1, cachedTokens: 1 })
  })

  test('shows the token, frozen, without its secrets', async () => {
    const { latchkey, create } = testInstance()
    const { token, id } = await create({ metadata: { tier: { name: 'gold' } }, networks: ['10.0.0.0/8'] })
    const first = await latchkey.verify(token, { ip: '10.1.2.3' })
    expect(first).toEqual({
      ok: true,
      token: {
        id,
        name: 'n',
        owner: 'o',
        personal: false,
        enabled: true,
        scopes: ['a'],
        networks: ['10.0.0.0/8'],
        resources: [],
        metadata: { tier: { name: 'gold' } },
        createdAt: NOW,
        createdBy: { kind: 'host' },
      },
    })
    if (!first.ok) throw new Error('refused')
    expect(() => Object.assign(first.token.metadata?.tier as object, { name: 'free' })).toThrow(TypeError)
    expect(latchkey.verifyCached(token, { ip: '10.1.2.3' })).toEqual(first)
  })

  test('counts and refuses like a miss: enabled, expiry, network and scope are judged each time', async () => {
    const { latchkey, clock, create } = testInstance()
    const { token } = await create({ expiresAt: NOW + 1_000, networks: ['10.0.0.0/8'], scopes: ['a', 'b.*'] })
    const ip = '10.0.0.1'
    expect(outcome(await latchkey.verify(token, { ip, scopes: ['a', 'b.c'] }))).toBe('ok')
    expect(outcome(latchkey.verifyCached(token, { ip: '11.0.0.1' }))).toBe('network')
    expect(outcome(latchkey.verifyCached(token, { ip: undefined }))).toBe('network')
    expect(outcome(latchkey.verifyCached(token))).toBe('network')
    expect(outcome(latchkey.verifyCached(token, { ip: 'not an address' }))).toBe('network')
    expect(latchkey.verifyCached(token, { ip, scopes: ['a', 'b', 'c'] })).toEqual({
      ok: false,
      denial: { reason: 'scope', missing: ['b', 'c'] },
    })
    clock.now = NOW + 999
    expect(outcome(latchkey.verifyCached(token, { ip }))).toBe('ok')
    clock.now = NOW + 1_000
    expect(outcome(latchkey.verifyCached(token, { ip }))).toBe('expired')
    expect(latchkey.stats()).toMatchObject({ verified: 2, denied: 6, storeReads: 1 })
  })

  test('of a token of long ago costs a read, of one that never expires too', async () => {
    for (const expiresAt of [undefined, 'now+1y']) {
      const { latchkey, clock, create } = testInstance()
      const { token } = await create({ expiresAt })
      await latchkey.verify(token)
      clock.now += 5_000
      expect(latchkey.verifyCached(token)).toBeUndefined()
    }
  })

  test('needs the very text that was proven: any other is refused without a proof', async () => {
    const { latchkey, hasher, create } = testInstance()
    const { token } = await create()
    await latchkey.verify(token)
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, by) => {
        const changed = token.slice(0, at) + by + token.slice(at + 1)
        fc.pre(changed !== token)
        // The checksum is for ids that are not in the cache.
        expect(outcome(latchkey.verifyCached(changed))).toMatch(/^(malformed|wrong_secret)$/)
      }),
      { numRuns: 1_000 },
    )
    expect(hasher.verifies).toBe(1)
  })
})

describe('the right id with a wrong secret', () => {
  test('never hits, costs no proof, and after the first read no store', async () => {
    const { latchkey, store, hasher, create } = testInstance()
    const { token } = await create()
    expect(outcome(await latchkey.verify(forged(token)))).toBe('wrong_secret')
    expect(outcome(await latchkey.verify(token))).toBe('ok')
    for (let i = 0; i < 2_000; i++) expect(outcome(latchkey.verifyCached(forged(token)))).toBe('wrong_secret')
    expect(outcome(latchkey.verifyCached(token))).toBe('ok')
    expect(store.finds).toHaveLength(1)
    expect(hasher.verifies).toBe(1)
    expect(latchkey.stats().proofs.done).toBe(0)
  })

  test('of a disabled or expired token looks as it does of any other', async () => {
    const { latchkey, clock, create } = testInstance()
    const disabled = await create({ enabled: false })
    const expired = await create({ expiresAt: NOW + 1 })
    clock.now += 1
    expect(outcome(await latchkey.verify(forged(disabled.token)))).toBe('wrong_secret')
    expect(outcome(await latchkey.verify(forged(expired.token)))).toBe('wrong_secret')
    expect(outcome(await latchkey.verify(disabled.token))).toBe('disabled')
    expect(outcome(await latchkey.verify(expired.token))).toBe('expired')
  })
})

test.each([undefined, null, 0, {}, [], '', 'x', 'lk..', 'Bearer', { toString: () => 'lk' }, 'A'.repeat(1_000_000)])(
  'what is no token at all is refused at once: %#',
  async (value) => {
    const { latchkey, store } = testInstance()
    expect(outcome(latchkey.verifyCached(value as string))).toBe('malformed')
    expect(outcome(await latchkey.verify(value as string))).toBe('malformed')
    expect(store.opens).toBe(0)
    expect(latchkey.stats()).toMatchObject({ denied: 2, storeReads: 0 })
  },
)

test('a token of another prefix or environment is unknown, also right after its use at home', async () => {
  const home = testInstance({ environment: 'home', prefix: 'acme' })
  const away = testInstance({ environment: 'away', prefix: 'acme', store: home.store })
  const other = testInstance({ environment: 'home', prefix: 'lk', store: home.store })
  const { token } = await home.create()
  expect(outcome(await home.latchkey.verify(token))).toBe('ok')
  expect(outcome(await away.latchkey.verify(token))).toBe('unknown')
  expect(outcome(await other.latchkey.verify(token))).toBe('malformed')
})

describe('a miss', () => {
  test('costs one read, however many ask at once', async () => {
    const { latchkey, store, hasher, create } = testInstance()
    const { token, id } = await create()
    const hold = store.holdFind()
    const verdicts = Array.from({ length: 100 }, (_, i) => latchkey.verify(i % 10 === 0 ? forged(token) : token))
    await hold.reached
    await settled()
    expect(store.finds).toEqual([id])
    hold.release()
    const outcomes = (await Promise.all(verdicts)).map(outcome)
    expect(outcomes.filter((each) => each === 'ok')).toHaveLength(90)
    expect(outcomes.filter((each) => each === 'wrong_secret')).toHaveLength(10)
    expect(store.finds).toEqual([id])
    expect(hasher.verifies).toBeLessThanOrEqual(90)
  })

  test('that fails fails for all who wait, and the next one reads again', async () => {
    const { latchkey, store, create } = testInstance()
    const { token } = await create()
    const hold = store.holdFind()
    const verdicts = [latchkey.verify(token), latchkey.verify(token)]
    await hold.reached
    hold.fail(new Error('reset by peer'))
    for (const each of await Promise.allSettled(verdicts)) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'ERR_STORE', status: 503 } })
    }
    expect(outcome(await latchkey.verify(token))).toBe('ok')
    expect(store.finds).toHaveLength(2)
  })
})

describe('unknown ids', () => {
  test('are remembered, so that asking again reads nothing', async () => {
    const { latchkey, store, clock } = testInstance()
    const token = unknownToken()
    expect(outcome(await latchkey.verify(token))).toBe('unknown')
    expect(outcome(latchkey.verifyCached(token))).toBe('unknown')
    expect(outcome(latchkey.verifyCached(forged(token)))).toBe('unknown')
    expect(store.finds).toHaveLength(1)
    clock.now += 5_000
    expect(latchkey.verifyCached(token)).toBeUndefined()
    expect(outcome(await latchkey.verify(token))).toBe('unknown')
    expect(store.finds).toHaveLength(2)
  })

  test('never push out a good token', async () => {
    const { latchkey, store, create } = testInstance({ cache: { max: 2 } })
    const good = [await create(), await create()]
    for (const { token } of good) await latchkey.verify(token)
    for (let i = 0; i < 500; i++) expect(outcome(await latchkey.verify(unknownToken()))).toBe('unknown')
    store.failing.set('find', new Error('down'))
    for (const { token } of good) expect(outcome(latchkey.verifyCached(token))).toBe('ok')
    expect(latchkey.stats().cachedTokens).toBe(2)
  })

  test('are forgotten as soon as this node has created the token, without any event', async () => {
    const { latchkey, store, create } = testInstance()
    store.deaf = true
    const early: (string | undefined)[] = []
    store.beforeInsert = async (id) => early.push(outcome(await latchkey.verify(tokenFormat('lk').renew(id).token)))
    const { token } = await create()
    expect(early).toEqual(['unknown'])
    expect(outcome(await latchkey.verify(token))).toBe('ok')
  })
})

test('the cache is bounded, and a token that fell out is read and proven again', async () => {
  const { latchkey, hasher, create } = testInstance({ cache: { max: 3 } })
  const tokens = []
  for (let i = 0; i < 10; i++) tokens.push((await create()).token)
  for (const token of tokens) expect(outcome(await latchkey.verify(token))).toBe('ok')
  expect(latchkey.stats()).toMatchObject({ cachedTokens: 3, storeReads: 10 })
  expect(outcome(await latchkey.verify(tokens[0] ?? ''))).toBe('ok')
  expect(hasher.verifies).toBe(11)
  expect(latchkey.stats()).toMatchObject({ cachedTokens: 3, storeReads: 11 })
})

test('a cache of one serves any number at once', async () => {
  const { latchkey, create } = testInstance({ cache: { max: 1 } })
  const tokens = await Promise.all(Array.from({ length: 20 }, async () => (await create()).token))
  const verdicts = await Promise.all(tokens.flatMap((token) => [latchkey.verify(token), latchkey.verify(token)]))
  expect(new Set(verdicts.map(outcome))).toEqual(new Set(['ok']))
  expect(latchkey.stats().cachedTokens).toBe(1)
})

const format = tokenFormat('lk')

test('each of many tokens is let in from the cache, by its own secret alone', async () => {
  const { latchkey, store, create } = testInstance({ cache: { max: 8 } })
  const issued = await Promise.all(Array.from({ length: 8 }, (_, i) => create({ name: `n${i}`, scopes: [`s${i}`] })))
  for (const { token } of issued) await latchkey.verify(token)
  for (let round = 0; round < 20; round++) {
    for (const [i, { token, id }] of issued.entries()) {
      expect(latchkey.verifyCached(token, { scopes: [`s${i}`] })).toMatchObject({ ok: true, token: { id } })
      expect(outcome(latchkey.verifyCached(token, { scopes: [`s${i + 1}`] }))).toBe('scope')
      const foreign = format.renew(id).token
      expect(outcome(latchkey.verifyCached(foreign))).toBe('wrong_secret')
    }
  }
  expect(store.finds).toHaveLength(8)
})

test('a secret of one token behind the id of another is refused', async () => {
  const { latchkey, create } = testInstance({ cache: { max: 2 } })
  const issued = await Promise.all(Array.from({ length: 20 }, () => create()))
  for (const { token } of issued) {
    await latchkey.verify(token)
    for (const { id } of issued) {
      const crossed = id + token.slice(id.length)
      if (crossed !== token) expect(outcome(await latchkey.verify(crossed))).toMatch(/^(malformed|wrong_secret)$/)
    }
    expect(outcome(await latchkey.verify(token))).toBe('ok')
  }
})

test('a token that was evicted is refused once it is deleted', async () => {
  const { latchkey, create } = testInstance({ cache: { max: 2, ttl: 3_600_000 } })
  for (let i = 0; i < 30; i++) {
    const { token, id } = await create()
    await latchkey.verify(token)
    for (let j = 0; j < 2; j++) await latchkey.verify((await create()).token)
    await latchkey.delete(id)
    expect(outcome(await latchkey.verify(token))).toBe('unknown')
  }
})

test('the digest of a token hits no entry that was invalidated: deleted, disabled, owner forgotten, all reset', async () => {
  const { latchkey, store, create } = testInstance({ ownerScopes: async () => ['a'] })
  const [deleted, disabled, reset, owned] = await Promise.all([
    create(),
    create(),
    create(),
    create({ personal: true, owner: 'p' }),
  ])
  for (const { token } of [deleted, disabled, reset, owned]) {
    await latchkey.verify(token)
    expect(outcome(latchkey.verifyCached(token))).toBe('ok')
  }
  await latchkey.delete(deleted.id)
  await latchkey.update(disabled.id, { enabled: false })
  latchkey.forgetOwner('p')
  for (const { token } of [deleted, disabled, owned]) expect(latchkey.verifyCached(token)).toBeUndefined()
  expect(outcome(latchkey.verifyCached(reset.token))).toBe('ok')
  store.emit('reset')
  expect(latchkey.verifyCached(reset.token)).toBeUndefined()
})

test.each(['current', 'previous'])(
  'a token in use, by its %s secret, is not evicted by others that come and go',
  async (which) => {
    const { latchkey, store, hasher, clock, create } = testInstance({ cache: { max: 3, ttl: 3_600_000 } })
    const { token: old, id } = await create()
    const { token: fresh } = await latchkey.rotate(id, { previousExpiresAt: NOW + 86_400_000 })
    const token = which === 'current' ? fresh : old
    await latchkey.verify(token)
    const [reads, proofs] = [store.finds.length, hasher.verifies]
    for (let i = 0; i < 20; i++) {
      // Two at once: without the use between them and the next two, the token would be the oldest.
      for (let j = 0; j < 2; j++) await latchkey.verify((await create()).token)
      if (i % 2 === 0) clock.now++
      expect(outcome(latchkey.verifyCached(token))).toBe('ok')
    }
    expect(store.finds.slice(reads)).not.toContain(id)
    expect(hasher.verifies - proofs).toBe(40)
  },
)

test('a text of the length of a cached token is refused for what is wrong with it', async () => {
  const { latchkey, create } = testInstance()
  const { token, id } = await create()
  await latchkey.verify(token)
  const texts = [`xx${token.slice(2)}`, `${id}x${token.slice(id.length + 1)}`, `${id}.${'é'.repeat(64)}`]
  const reasons = await published('denied', () => {
    for (const text of texts) expect(latchkey.verifyCached(text)?.ok).toBe(false)
  })
  expect(reasons.map(({ reason }) => reason)).toEqual(['malformed', 'malformed', 'wrong_secret'])
})

/** Entries for a cache of their own. */
function entries() {
  const clock = createClock(() => NOW)
  const readAt = clock.moment()
  const compiler = createCompiler()
  const newEntry = (id: string, hash: string): Entry => {
    const rest = {
      name: 'n',
      owner: 'o',
      personal: false,
      enabled: true,
      scopes: [],
      networks: [],
      resources: [],
      retired: [],
    }
    const record = { ...rest, id, version: 1, createdAt: NOW, secrets: [{ gen: 1, hash, tag: id }] }
    return createEntry(record, undefined, readAt, compiler)
  }
  return { clock, readAt, newEntry }
}

test('a proven entry stays, however many are read without a proof', () => {
  const { clock, newEntry } = entries()
  const cache = createTokenCache({ max: 3, ttl: 60_000, clock })
  const proven = newEntry('a', 'h1')
  cache.put(proven)
  for (const secret of proven.secrets) cache.addProof('digest a', proven, secret, undefined)
  for (const id of ['b', 'c', 'd', 'e']) cache.put(newEntry(id, 'h1'))
  expect(cache.hit('digest a', NOW)?.entry).toBe(proven)
  expect([cache.size, cache.entry('b', NOW)]).toEqual([1, undefined])
})

test('a digest hits what was cached last of its token, and nothing that was invalidated or evicted', () => {
  const ids = ['a', 'b', 'c', 'd']
  const id = fc.constantFrom(...ids)
  const step = fc.oneof(
    fc.record({ do: fc.constant('put' as const), id, hash: fc.constantFrom('h1', 'h2') }),
    fc.record({ do: fc.constantFrom('prove' as const, 'present' as const, 'drop' as const, 'unknown' as const), id }),
    fc.record({ do: fc.constant('dropAll' as const), id }),
  )
  const { clock, readAt, newEntry } = entries()
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cache = createTokenCache({ max: 3, ttl: 60_000, clock })
      /** What was put last, until something made it void. */
      const current = new Map<string, Entry>()
      const proven = new Set<string>()
      for (const { id, ...rest } of steps) {
        const entry = current.get(id)
        const [secret] = entry?.secrets ?? []
        if (rest.do === 'put') {
          const fresh = newEntry(id, rest.hash)
          cache.put(fresh)
          current.set(id, fresh)
        } else if (rest.do === 'drop') {
          cache.drop(id)
          current.delete(id)
        } else if (rest.do === 'unknown') {
          cache.putUnknown(id, readAt)
          current.delete(id)
        } else if (rest.do === 'dropAll') {
          cache.dropAll()
          current.clear()
        } else if (entry !== undefined && secret !== undefined) {
          if (rest.do === 'prove') {
            cache.addProof(`digest ${id}`, entry, secret, undefined)
            proven.add(`${id} ${secret.hash}`)
          } else if (cache.findProof(`digest ${id}`, entry, secret) !== undefined) {
            expect(proven).toContain(`${id} ${secret.hash}`)
          }
        }
        for (const each of ids) {
          const hit = cache.hit(`digest ${each}`, NOW)
          if (hit === undefined) continue
          expect(hit.entry).toBe(current.get(each))
          expect(cache.entry(each, NOW)).toBe(hit.entry)
          expect(proven).toContain(`${each} ${hit.entry.secrets[0]?.hash}`)
        }
        expect(cache.size).toBeLessThanOrEqual(3)
      }
    }),
    { numRuns: 2_000 },
  )
})
