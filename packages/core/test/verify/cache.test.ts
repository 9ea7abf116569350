import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenFormat } from '../../src/token/format.js'
import { createTokenCache } from '../../src/verify/cache.js'
import { createClock } from '../../src/verify/clock.js'
import { createCompiler } from '../../src/verify/compiler.js'
import { createEntry, type Entry } from '../../src/verify/entry.js'
import { NOW, testInstance } from '../support/instance.js'
import { outcome, published } from '../support/outcome.js'

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

test('a digest hits what was cached last of its token, and nothing that was invalidated or evicted', () => {
  const ids = ['a', 'b', 'c', 'd']
  const id = fc.constantFrom(...ids)
  const step = fc.oneof(
    fc.record({ do: fc.constant('put' as const), id, hash: fc.constantFrom('h1', 'h2') }),
    fc.record({ do: fc.constantFrom('prove' as const, 'present' as const, 'drop' as const, 'unknown' as const), id }),
    fc.record({ do: fc.constant('dropAll' as const), id }),
  )
  const clock = createClock(() => NOW)
  const readAt = clock.moment()
  const compiler = createCompiler()
  const newEntry = (id: string, hash: string): Entry => {
    const rest = { name: 'n', owner: 'o', personal: false, enabled: true, scopes: [], networks: [], retired: [] }
    const record = { ...rest, id, version: 1, createdAt: NOW, secrets: [{ gen: 1, hash, tag: id }] }
    return createEntry(record, undefined, readAt, compiler)
  }
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
