import { describe, expect, test } from 'vitest'
import type { Caller } from '../../src/index.js'
import { DAY, hostCaller, NOW, testInstance } from '../support/instance.js'
import { refusal, refused } from '../support/outcome.js'

const GOOD = { name: 'nightly', scopes: ['reports.read'] }

describe('a caller that is none', () => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'ada'],
    ['without an owner', { scopes: ['*'] }],
    ['with an empty owner', { owner: '', scopes: ['*'] }],
    ['without scopes', { owner: 'ada' }],
    ['with scopes in one text', { owner: 'ada', scopes: 'reports.read' }],
    ['with a scope that is no text', { owner: 'ada', scopes: [null] }],
    ['with networks null', { owner: 'ada', scopes: ['*'], networks: null }],
    ['with a broken block', { owner: 'ada', scopes: ['*'], networks: ['10.0.0.1/8'] }],
    ['with an expiry that is no number', { owner: 'ada', scopes: ['*'], expiresAt: Number.NaN }],
    ['with an expiry null', { owner: 'ada', scopes: ['*'], expiresAt: null }],
    ['with an expiry as a date', { owner: 'ada', scopes: ['*'], expiresAt: new Date() }],
    ['with an empty id', { owner: 'ada', scopes: ['*'], id: '' }],
    ['with a misspelt member', { owner: 'ada', scopes: ['*'], network: ['10.0.0.0/8'] }],
  ])('is the host’s mistake, in every call: %s', async (_, caller) => {
    const { latchkey, records } = testInstance()
    const { id, token } = await latchkey.create({ ...GOOD, owner: 'ada' })
    const before = await records()
    const onBehalf = { caller } as { caller: Caller }
    for (const call of [
      latchkey.create(GOOD, onBehalf),
      latchkey.create({ ...GOOD, owner: 'ada' }, onBehalf),
      latchkey.get(id, onBehalf),
      latchkey.list({}, onBehalf),
      latchkey.update(id, { name: 'x' }, onBehalf),
      latchkey.delete(id, onBehalf),
      latchkey.delete(token, onBehalf),
      latchkey.rotate(id, {}, onBehalf),
      latchkey.finishRotation(id, onBehalf),
      latchkey.cancelRotation(id, onBehalf),
      latchkey.lookup(token, onBehalf),
      latchkey.revoke(token, onBehalf),
      latchkey.revokeAll({ owner: 'ada' }, onBehalf),
    ]) {
      await expect(call).rejects.toThrow(TypeError)
      await expect(call).rejects.toMatchObject({ code: 'ERR_OPTION', message: expect.stringMatching(/^caller/) })
    }
    expect(await records()).toEqual(before)
  })

  test('what is not exactly true grants nothing', async () => {
    const { latchkey } = testInstance()
    const slips = { personal: 'no', assignOwner: 'no' } as unknown as Partial<Caller>
    const call = latchkey.create({ ...GOOD, owner: 'bob' }, hostCaller({ ...slips, scopes: ['reports.*'] }))
    expect(await refused(call)).toEqual({ code: 'ERR_NOT_ALLOWED', paths: ['owner'] })
  })
})

test('a caller whose right has ended may do nothing', async () => {
  const { latchkey, clock, records } = testInstance()
  const { id, token } = await latchkey.create({ ...GOOD, owner: 'ada' })
  const by = hostCaller({ expiresAt: NOW + DAY })
  clock.now = NOW + DAY - 1
  expect((await latchkey.get(id, by)).id).toBe(id)
  const before = await records()
  clock.now++
  for (const call of [
    latchkey.create({ ...GOOD, expiresAt: NOW + 2 * DAY }, by),
    latchkey.get(id, by),
    latchkey.list({}, by),
    latchkey.update(id, { name: 'x' }, by),
    latchkey.delete(id, by),
    latchkey.delete(token, by),
    latchkey.rotate(id, {}, by),
    latchkey.finishRotation(id, by),
    latchkey.cancelRotation(id, by),
    latchkey.lookup(token, by),
    latchkey.revoke(token, by),
    latchkey.revokeAll({ owner: 'ada' }, by),
  ]) {
    expect(await refused(call)).toEqual({ code: 'ERR_NOT_ALLOWED', paths: [] })
  }
  expect(await records()).toEqual(before)
})

test('what exceeds a caller is told by place and message, as every violation', async () => {
  const { latchkey } = testInstance()
  const { code, violations } = await refusal(latchkey.create(GOOD, hostCaller({ scopes: ['apiTokens.write'] })))
  const message = 'The caller does not have the scope reports.read itself.'
  expect({ code, violations }).toEqual({
    code: 'ERR_NOT_ALLOWED',
    violations: [{ path: 'scopes[0]', message, dimension: 'scopes' }],
  })
})

describe('create on behalf of a caller', () => {
  test.each<[string, Partial<Caller>, object, ...string[]]>([
    ['another owner', { scopes: ['reports.*'] }, { owner: 'bob' }, 'owner'],
    ['metadata', { scopes: ['reports.*'] }, { metadata: { tenant: 'b' } }, 'metadata'],
    ['a scope beyond', { scopes: ['reports.*'] }, { scopes: ['reports.read', 'metrics'] }, 'scopes[1]'],
    ['the stem of a wildcard', { scopes: ['metrics.*'] }, { scopes: ['metrics'] }, 'scopes[0]'],
    ['a wildcard over one', { scopes: ['metrics.read'] }, { scopes: ['metrics.*'] }, 'scopes[0]'],
    ['no blocks from a restricted caller', { networks: ['10.0.0.0/8'] }, {}, 'networks'],
    ['an empty list from a restricted caller', { networks: ['10.0.0.0/8'] }, { networks: [] }, 'networks'],
    ['a wider block', { networks: ['10.0.0.0/8'] }, { networks: ['10.0.0.0/7'] }, 'networks[0]'],
    ['no resources from a bound caller', { resources: ['p:1'] }, {}, 'resources'],
    ['an empty list from a bound caller', { resources: ['p:1'] }, { resources: [] }, 'resources'],
    ['another resource', { resources: ['p:1', 'q:*'] }, { resources: ['q:2', 'p:2'] }, 'resources[1]'],
    ['no expiry from a caller with one', { expiresAt: NOW + DAY }, {}, 'expiresAt'],
    ['a later expiry', { expiresAt: NOW + DAY }, { expiresAt: NOW + DAY + 1 }, 'expiresAt'],
    ['an impersonal token from a personal caller', { personal: true }, { personal: false }, 'personal'],
    [
      'everything at once',
      { scopes: ['a'], networks: ['10.0.0.0/8'], expiresAt: NOW + 1, personal: true },
      { owner: 'bob', personal: false, scopes: ['a', 'b', '*'], networks: ['::/0'] },
      ...['expiresAt', 'networks[0]', 'owner', 'personal', 'scopes[1]', 'scopes[2]'],
    ],
  ])('%s is refused, and nothing is written', async (_, caller, input, ...paths) => {
    const { latchkey, records } = testInstance()
    expect(await refused(latchkey.create({ ...GOOD, ...input }, hostCaller(caller)))).toEqual({
      code: 'ERR_NOT_ALLOWED',
      paths,
    })
    expect(await records()).toEqual([])
  })

  test('as much as the caller is allowed, and the host may let it assign owners', async () => {
    const { latchkey } = testInstance()
    const bounds = {
      ...{ scopes: ['reports.*'], networks: ['10.0.0.0/8', '::/0'], resources: ['p:1', 'q:*'], expiresAt: NOW + DAY },
    }
    const own = await latchkey.create({ ...GOOD, ...bounds }, hostCaller(bounds))
    expect(own.apiToken).toMatchObject({ owner: 'ada', personal: false, ...bounds })
    const mapped = { ...GOOD, ...bounds, networks: ['::ffff:10.1.0.0/112'], owner: 'bob', personal: true }
    const other = await latchkey.create(mapped, hostCaller({ ...bounds, assignOwner: true }))
    expect(other.apiToken).toMatchObject({ owner: 'bob', personal: true, networks: ['::ffff:10.1.0.0/112'] })
    expect((await latchkey.create(GOOD, hostCaller({ personal: true }))).apiToken.personal).toBe(true)
  })

  test('without a caller the host is not judged', async () => {
    const { latchkey } = testInstance()
    const { apiToken } = await latchkey.create({ name: 'root', owner: 'anybody', scopes: ['*'] })
    expect(apiToken).toMatchObject({ owner: 'anybody', scopes: ['*'] })
  })
})

describe('a personal caller', () => {
  test('sees and touches only what its owner has', async () => {
    const { latchkey, records } = testInstance()
    const mine = await latchkey.create({ ...GOOD, owner: 'ada', personal: true })
    const theirs = await latchkey.create({ ...GOOD, owner: 'bob', personal: true })
    await latchkey.rotate(theirs.id, { previousExpiresAt: 'now+1h' })
    const before = await records()
    const by = hostCaller({ personal: true })
    for (const call of [
      latchkey.get(theirs.id, by),
      latchkey.update(theirs.id, { name: 'x' }, by),
      latchkey.delete(theirs.id, by),
      latchkey.delete(theirs.token, by),
      latchkey.rotate(theirs.id, {}, by),
      latchkey.finishRotation(theirs.id, by),
      latchkey.cancelRotation(theirs.id, by),
      latchkey.lookup(theirs.token, by),
    ]) {
      expect(await refused(call)).toEqual({ code: 'ERR_NOT_FOUND', paths: [] })
    }
    expect(await latchkey.revoke(theirs.token, by)).toBe(false)
    expect(await records()).toEqual(before)
    const page = await latchkey.list({}, by)
    expect([page.tokens.map(({ id }) => id), page.totalCount]).toEqual([[mine.id], 1])
    expect(await latchkey.list({ owner: 'bob' }, by)).toMatchObject({ tokens: [], totalCount: 0 })
    expect((await latchkey.rotate(mine.id, {}, by)).id).toBe(mine.id)
    expect(await latchkey.revoke(mine.token, by)).toBe(false)
    await latchkey.delete(mine.id, by)
    expect(await records()).toHaveLength(1)
  })

  test('may take power from its owner’s impersonal tokens, and give them none', async () => {
    const { latchkey } = testInstance()
    const { id } = await latchkey.create({ ...GOOD, scopes: ['a', 'b'], owner: 'ada' })
    const by = hostCaller({ personal: true })
    expect(await latchkey.update(id, { scopes: ['a'], enabled: false }, by)).toMatchObject({ scopes: ['a'] })
    for (const call of [
      latchkey.update(id, { enabled: true }, by),
      latchkey.update(id, { scopes: ['a', 'b'] }, by),
      latchkey.rotate(id, {}, by),
    ]) {
      expect(await refused(call)).toEqual({ code: 'ERR_NOT_ALLOWED', paths: ['personal'] })
    }
  })
})
