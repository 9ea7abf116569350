import { describe, expect, test } from 'vitest'
import type { Explanation } from '../../src/index.js'
import { forged, NOW, testInstance, unknownToken } from '../support/instance.js'

function failed({ checks }: Explanation): string[] {
  return checks.filter(({ passed }) => passed !== true).map(({ check }) => check)
}

describe('explain', () => {
  test('lets a good request pass every check, by token and by id', async () => {
    const { latchkey, create } = testInstance()
    const { id, token } = await create({ networks: ['10.0.0.0/8'], resources: ['p:*'], expiresAt: NOW + 1_000 })
    const ask = { ip: '10.0.0.1', scopes: ['a'], resources: ['p:1'] }
    const whole = await latchkey.explain({ token, ...ask })
    expect(whole.allowed).toBe(true)
    expect(whole.checks.map(({ check }) => check)).toEqual([
      'format',
      'known',
      'secret',
      'enabled',
      'expiry',
      'owner',
      'network',
      'scope',
      'resource',
    ])
    expect(failed(whole)).toEqual([])
    const byId = await latchkey.explain({ id, ...ask })
    expect(byId.allowed).toBe(true)
    expect(byId.checks.map(({ check }) => check)).not.toContain('secret')
  })

  test('explains what was asked, whatever becomes of the object meanwhile', async () => {
    const { latchkey, create } = testInstance()
    const [mine, other] = [await create({ owner: 'ada', personal: true }), await create({ owner: 'bob' })]
    const caller = { owner: 'ada', scopes: ['apiTokens.read'], personal: true }
    const request = { id: mine.id, scopes: ['a'] }
    const explaining = latchkey.explain(request, { caller })
    Object.assign(request, { id: other.id })
    request.scopes.push('b')
    expect((await explaining).checks.find(({ check }) => check === 'format')?.detail).toBe(mine.id)
    await expect(latchkey.explain(request, { caller })).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  test('names each check that fails, all of them at once', async () => {
    const { latchkey, clock, create } = testInstance({
      ownerScopes: async (owner) => (owner === 'o' ? ['a', 'c'] : undefined),
    })
    const fine = await create()
    const disabled = await create({ enabled: false })
    const personal = await create({ personal: true, scopes: ['a', 'b'] })
    const orphan = await create({ personal: true, owner: 'nobody' })
    const all = await create({
      personal: true,
      owner: 'nobody',
      enabled: false,
      expiresAt: NOW + 1,
      networks: ['10.0.0.0/8'],
      resources: ['p:1'],
    })
    clock.now += 1
    const explain = latchkey.explain
    expect(failed(await explain({ token: fine.token, scopes: ['a'] }))).toEqual([])
    expect(failed(await explain({ token: 'junk' }))).toEqual(['format'])
    expect(failed(await explain({ id: 'junk' }))).toEqual(['format'])
    expect(failed(await explain({ id: fine.token }))).toEqual(['format'])
    expect(failed(await explain({ token: fine.id }))).toEqual(['format'])
    expect(failed(await explain({ token: undefined as unknown as string }))).toEqual(['format'])
    expect(failed(await explain({ token: unknownToken() }))).toEqual(['known'])
    expect(failed(await explain({ token: forged(fine.token) }))).toEqual(['secret'])
    expect(failed(await explain({ token: disabled.token }))).toEqual(['enabled'])
    expect(failed(await explain({ token: orphan.token }))).toEqual(['owner'])
    expect(failed(await explain({ token: personal.token, scopes: ['a', 'b'] }))).toEqual(['scope'])
    expect(failed(await explain({ token: forged(all.token), scopes: ['b'] }))).toEqual([
      'secret',
      'enabled',
      'expiry',
      'owner',
      'network',
      'scope',
      'resource',
    ])
    for (const request of [{ token: forged(all.token) }, { token: 'junk' }, { id: all.id }]) {
      expect((await explain(request)).allowed).toBe(false)
    }
  })

  test('says for what a bound token may be used, and what is wrong with what was named', async () => {
    const { latchkey, create } = testInstance()
    const { id } = await create({ resources: ['p:1', 'q:*'] })
    const free = await create()
    const detail = async (token: string, resources?: readonly string[] | 'any') => {
      const { checks } = await latchkey.explain({ id: token, resources })
      const last = checks.at(-1)
      return [last?.check, last?.passed, last?.detail]
    }
    const only = 'Only for p:1, q:*.'
    expect(await detail(id, ['p:1', 'q:2'])).toEqual(['resource', true, only])
    expect(await detail(id, ['p:2'])).toEqual(['resource', false, only])
    expect(await detail(id)).toEqual(['resource', false, `${only} No resource was named.`])
    expect(await detail(id, [])).toEqual(['resource', false, `${only} An empty list of resources was named.`])
    expect(await detail(id, ['p:1', 'q:*'])).toEqual(['resource', false, `${only} Not a resource: "q:*".`])
    expect(await detail(id, 'any')).toEqual(['resource', true, `${only} Here it does not matter.`])
    expect(await detail(free.id)).toEqual(['resource', true, 'For any resource.'])
    expect(await detail(free.id, ['x'])).toEqual(['resource', false, 'For any resource. Not a resource: "x".'])
  })

  test('tells which secret it is, and whether a wrong one was right once', async () => {
    const { latchkey, clock, create } = testInstance()
    const { id, token: first } = await create()
    const { token: second } = await latchkey.rotate(id)
    const { token: third } = await latchkey.rotate(id, { previousExpiresAt: 'now+1m' })
    const detail = async (token: string) =>
      (await latchkey.explain({ token })).checks.find(({ check }) => check === 'secret')?.detail
    expect(await detail(third)).toBe('It is the current secret.')
    expect(await detail(second)).toBe('It is the previous secret.')
    expect(await detail(first)).toBe('It was rotated away.')
    expect(await detail(forged(first))).toBe('It is no secret of this token.')
    clock.now += 60_000
    expect(await detail(second)).toBe('It was rotated away.')
  })

  test('reads the store, counts no use, and shows no secret', async () => {
    const { latchkey, store, create } = testInstance()
    const { token, id } = await create()
    await latchkey.verify(token)
    const before = store.finds.length
    const pending = latchkey.stats()
    const text = JSON.stringify([await latchkey.explain({ token }), await latchkey.explain({ token: forged(token) })])
    expect(store.finds.length).toBeGreaterThan(before)
    expect(latchkey.stats()).toMatchObject({ verified: pending.verified, denied: pending.denied, pendingUses: 1 })
    expect(text).toContain(id)
    expect(text).not.toContain(token.slice(id.length + 1))
    expect(text).not.toMatch(/\$hmac|[A-Z2-7]{64}/)
  })

  test('with a store that is away rejects', async () => {
    const { latchkey, store, create } = testInstance()
    const { token } = await create()
    store.failing.set('find', new Error('down'))
    await expect(latchkey.explain({ token })).rejects.toMatchObject({ code: 'ERR_STORE' })
  })
})
