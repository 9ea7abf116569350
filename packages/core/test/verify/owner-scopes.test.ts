import { describe, expect, test } from 'vitest'
import { testInstance } from '../support/instance.js'
import { outcome, settled } from '../support/outcome.js'

/** What the host says of its users; a user without an entry is unknown. */
function host(initial: Record<string, readonly string[]>) {
  const users = new Map(Object.entries(initial))
  const asked: string[] = []
  const made = {
    users,
    asked,
    answer: async (owner: string): Promise<readonly string[] | undefined> => users.get(owner),
    ownerScopes: (owner: string) => {
      asked.push(owner)
      return made.answer(owner)
    },
  }
  return made
}

describe('ownerScopes', () => {
  test('cuts a personal token down to what its owner may do now', async () => {
    const { ownerScopes } = host({ o: ['a', 'c.*'] })
    const { latchkey, create } = testInstance({ ownerScopes })
    const { token } = await create({ personal: true, scopes: ['a', 'b', 'c.*'] })
    expect(outcome(await latchkey.verify(token, { scopes: ['a', 'c.d'] }))).toBe('ok')
    expect(latchkey.verifyCached(token, { scopes: ['a', 'b', 'c', 'c.d'] })).toMatchObject({
      denial: { reason: 'scope', missing: ['b', 'c'] },
    })
  })

  test('is asked when an entry is read, not on a hit, and never for other tokens', async () => {
    const { ownerScopes, asked } = host({ o: ['a'] })
    const { latchkey, clock, create } = testInstance({ ownerScopes })
    const plain = await create()
    await latchkey.verify(plain.token)
    expect(asked).toEqual([])
    const { token } = await create({ personal: true })
    for (let i = 0; i < 10; i++) await latchkey.verify(token)
    expect(asked).toEqual(['o'])
    clock.now += 5_000
    await latchkey.verify(token)
    expect(asked).toEqual(['o', 'o'])
  })

  test('undefined refuses the tokens of an unknown owner; a list lets them in again', async () => {
    const { ownerScopes, users } = host({})
    const { latchkey, create } = testInstance({ ownerScopes })
    const { token } = await create({ personal: true })
    expect(outcome(await latchkey.verify(token))).toBe('owner_unknown')
    expect(outcome(latchkey.verifyCached(token))).toBe('owner_unknown')
    users.set('o', ['a'])
    latchkey.forgetOwner('o')
    expect(outcome(await latchkey.verify(token, { scopes: ['a'] }))).toBe('ok')
    users.set('o', [])
    latchkey.forgetOwner('o')
    expect(outcome(await latchkey.verify(token))).toBe('ok')
    expect(outcome(await latchkey.verify(token, { scopes: ['a'] }))).toBe('scope')
  })

  const broken: [string, () => unknown][] = [
    ['rejects', () => Promise.reject(new Error('directory down'))],
    [
      'throws',
      () => {
        throw new Error('directory down')
      },
    ],
    ['says null', async () => null],
    ['says a text', async () => 'a'],
    ['says a set', async () => new Set(['a'])],
    ['says true', async () => true],
    ['lists what is no text', async () => ['a', 7]],
    ['lists nothings', async () => [undefined]],
  ]

  test.each(broken)('that %s makes the answer 503, and is asked again', async (_, answer) => {
    const users = host({ o: ['a'] })
    const { latchkey, create } = testInstance({ ownerScopes: users.ownerScopes })
    const { token } = await create({ personal: true })
    const right = users.answer
    users.answer = answer as typeof right
    await expect(latchkey.verify(token)).rejects.toMatchObject({ code: 'ERR_OWNER_SCOPES', status: 503 })
    expect(latchkey.verifyCached(token)).toBeUndefined()
    users.answer = right
    expect(outcome(await latchkey.verify(token))).toBe('ok')
  })
})

describe('forgetOwner', () => {
  test('drops what was said of this owner, at once, and of nobody else', async () => {
    const { ownerScopes, users } = host({ o: ['a'], p: ['a'] })
    const { latchkey, store, hasher, create } = testInstance({ ownerScopes })
    const own = await create({ personal: true })
    const other = await create({ personal: true, owner: 'p' })
    const plain = await create()
    for (const { token } of [own, other, plain]) await latchkey.verify(token)
    users.set('o', [])
    users.set('p', [])
    latchkey.forgetOwner('o')
    expect(latchkey.verifyCached(own.token)).toBeUndefined()
    expect(outcome(await latchkey.verify(own.token, { scopes: ['a'] }))).toBe('scope')
    expect(outcome(latchkey.verifyCached(other.token, { scopes: ['a'] }))).toBe('ok')
    expect(outcome(latchkey.verifyCached(plain.token, { scopes: ['a'] }))).toBe('ok')
    expect(store.finds).toHaveLength(4)
    expect(hasher.verifies).toBe(3)
  })

  test('is not undone by an answer that was under way', async () => {
    const users = host({ o: ['a'] })
    const { latchkey, create } = testInstance({ ownerScopes: users.ownerScopes })
    const { token } = await create({ personal: true })
    let answer: (scopes: readonly string[]) => void = () => {}
    const right = users.answer
    users.answer = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const early = latchkey.verify(token, { scopes: ['a'] })
    await settled()
    users.users.set('o', [])
    users.answer = right
    latchkey.forgetOwner('o')
    answer(['a'])
    expect(['ok', 'scope']).toContain(outcome(await early))
    expect(outcome(await latchkey.verify(token, { scopes: ['a'] }))).toBe('scope')
    expect(outcome(latchkey.verifyCached(token, { scopes: ['a'] }))).toBe('scope')
  })
})
