import { describe, expect, test } from 'vitest'
import { tokenFormat } from '../../src/token/format.js'
import type { Entry } from '../../src/verify/entry.js'
import { createShortcuts } from '../../src/verify/shortcuts.js'
import { NOW, testInstance } from '../support/instance.js'
import { outcome, published } from '../support/outcome.js'

const format = tokenFormat('lk')
const entryOf = (id: string) => ({ id }) as Entry

describe('the shortcuts', () => {
  test('lead from a token to the entry that came last to its place', () => {
    const shortcuts = createShortcuts(1, format.idLength)
    const [first, second] = [format.generate(), format.generate()]
    // With two places, some ids meet.
    const meeting = Array.from({ length: 100 }, () => format.generate()).filter(({ token }) => {
      shortcuts.keep(entryOf(first.id))
      return shortcuts.guess(token)?.id === first.id
    })
    expect(meeting.length).toBeGreaterThan(10)
    expect(meeting.length).toBeLessThan(90)
    const [other = second] = meeting
    const [entry, newer] = [entryOf(first.id), entryOf(other.id)]
    shortcuts.keep(entry)
    shortcuts.keep(newer)
    expect(shortcuts.guess(first.token)).toBe(newer)
    shortcuts.forget(entry)
    expect(shortcuts.guess(first.token)).toBe(newer)
    shortcuts.forget(newer)
    expect(shortcuts.guess(first.token)).toBeUndefined()
  })

  test('spread: of 10,000 tokens nearly as many have a place of their own as chance would give', () => {
    const shortcuts = createShortcuts(1_000_000, format.idLength)
    const tokens = Array.from({ length: 10_000 }, () => format.generate())
    for (const { id } of tokens) shortcuts.keep(entryOf(id))
    const found = tokens.filter(({ id, token }) => shortcuts.guess(token)?.id === id)
    // Of 65,536 places so many are taken: 65,536 * (1 - e^(-10,000 / 65,536)) = 9,274.
    expect(found.length).toBeGreaterThan(9_000)
  })
})

test('tokens that share a place are all let in from the cache, and each by its own secret alone', async () => {
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

test('a secret of one token behind the id of another that shares its place is refused', async () => {
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

test('a token that was pushed out is no longer let in after it is gone', async () => {
  const { latchkey, create } = testInstance({ cache: { max: 2, ttl: 3_600_000 } })
  for (let i = 0; i < 30; i++) {
    const { token, id } = await create()
    await latchkey.verify(token)
    for (let j = 0; j < 2; j++) await latchkey.verify((await create()).token)
    await latchkey.delete(id)
    expect(outcome(await latchkey.verify(token))).toBe('unknown')
  }
})

test('a dropped entry is not let in by the shortcut: deleted, disabled, all dropped, owner forgotten', async () => {
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
  'a token in use, by its %s secret, is not pushed out by others that come and go',
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

test('a text with the right end of an id, and the length of a token, is refused as what it is', async () => {
  const { latchkey, create } = testInstance()
  const { token, id } = await create()
  await latchkey.verify(token)
  const texts = [`xx${token.slice(2)}`, `${id}x${token.slice(id.length + 1)}`, `${id}.${'é'.repeat(64)}`]
  const reasons = await published('denied', () => {
    for (const text of texts) expect(latchkey.verifyCached(text)?.ok).toBe(false)
  })
  expect(reasons.map(({ reason }) => reason)).toEqual(['malformed', 'malformed', 'wrong_secret'])
})
