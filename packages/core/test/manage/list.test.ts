import { describe, expect, test } from 'vitest'
import { memoryData } from '../../src/index.js'
import { hostCaller, testInstance } from '../support/instance.js'
import { refused } from '../support/outcome.js'

async function filled(count: number) {
  const setup = testInstance()
  for (let i = 0; i < count; i++) {
    setup.clock.now++
    await setup.latchkey.create({ name: `n${i}`, owner: i % 2 === 0 ? 'ada' : 'bob', scopes: [i < 2 ? 'a' : 'b'] })
  }
  return setup
}

const names = (page: { tokens: readonly { name: string }[] }) => page.tokens.map(({ name }) => name)

test('newest first by default, ascending once a sort is named', async () => {
  const { latchkey } = await filled(3)
  const page = await latchkey.list()
  expect([names(page), page.totalCount, page.limit]).toEqual([['n2', 'n1', 'n0'], 3, 200])
  expect(page).not.toHaveProperty('nextCursor')
  expect(names(await latchkey.list({ sort: 'name' }))).toEqual(['n0', 'n1', 'n2'])
  expect(names(await latchkey.list({ sort: 'createdAt', direction: 'desc', owner: 'ada' }))).toEqual(['n2', 'n0'])
  expect(names(await latchkey.list({ scopes: ['a'], sort: 'name' }))).toEqual(['n0', 'n1'])
})

test('a cursor carries filter, sort, limit, total and view; the limit may change on the way', async () => {
  const { latchkey } = await filled(7)
  const view = { columns: ['name'] }
  const first = await latchkey.list({ owner: 'ada', sort: 'name', direction: 'desc', limit: 1, view })
  expect([names(first), first.totalCount, first.view]).toEqual([['n6'], 4, view])
  await latchkey.create({ name: 'n9', owner: 'ada', scopes: ['a'] })
  const second = await latchkey.list({ cursor: first.nextCursor ?? '' })
  expect([names(second), second.totalCount, second.view, second.limit]).toEqual([['n4'], 4, view, 1])
  const rest = await latchkey.list({ cursor: second.nextCursor ?? '', limit: 10 })
  expect([names(rest), rest.nextCursor, rest.limit]).toEqual([['n2', 'n0'], undefined, 10])
})

test('the state, the expiry, the creation and the last use are filtered by, from page to page', async () => {
  const { latchkey, clock } = await filled(4)
  const begin = clock.now
  const [newest, second, third] = (await latchkey.list()).tokens.map(({ id }) => id) as [string, string, string]
  await latchkey.update(newest, { enabled: false, expiresAt: begin + 5 })
  await latchkey.update(second, { expiresAt: begin + 6 })
  await latchkey.update(third, { expiresAt: begin + 7 })
  const named = async (filter: object) => names(await latchkey.list({ sort: 'name', ...filter }))
  expect(await named({ enabled: false })).toEqual(['n3'])
  expect(await named({ enabled: true })).toEqual(['n0', 'n1', 'n2'])
  expect(await named({ expires: { from: begin + 5, to: begin + 6 } })).toEqual(['n2', 'n3'])
  expect(await named({ expires: { to: begin + 5 }, enabled: undefined })).toEqual(['n3'])
  expect(await named({ created: { from: begin - 1, to: undefined } })).toEqual(['n2', 'n3'])
  expect(await named({ unusedSince: begin - 1 })).toEqual(['n0', 'n1'])
  const first = await latchkey.list({ expires: { from: begin }, sort: 'expiresAt', limit: 2 })
  expect([names(first), first.totalCount]).toEqual([['n3', 'n2'], 3])
  expect(names(await latchkey.list({ cursor: first.nextCursor ?? '' }))).toEqual(['n1'])
})

test('a listing of nothing', async () => {
  const { latchkey } = testInstance()
  expect(await latchkey.list()).toEqual({ tokens: [], totalCount: 0, limit: 200 })
})

describe('refused', () => {
  test.each<[string, object, string]>([
    ['limit 0', { limit: 0 }, 'limit'],
    ['limit 10001', { limit: 10_001 }, 'limit'],
    ['limit 1.5', { limit: 1.5 }, 'limit'],
    ['limit NaN', { limit: Number.NaN }, 'limit'],
    ['an unknown sort', { sort: 'id' }, 'sort'],
    ['a sort of every object', { sort: 'constructor' }, 'sort'],
    ['a range that ends before it begins', { lastUsed: { from: 2, to: 1 } }, 'lastUsed'],
    ['a range without ends', { expires: {} }, 'expires'],
    ['a range whose ends are undefined', { created: { from: undefined, to: undefined } }, 'created'],
    ['a range with another member', { created: { from: 1, until: 2 } }, 'created'],
    ['a range that is a list', { created: [1, 2] }, 'created'],
    ['a range that is a time', { expires: 5 }, 'expires'],
    ['a range of texts', { expires: { to: '5' } }, 'expires'],
    ['a range of a Date', { expires: { from: new Date(0) } }, 'expires'],
    ['a part of a millisecond', { created: { to: 1.5 } }, 'created'],
    ['unusedSince as a text', { unusedSince: '5' }, 'unusedSince'],
    ['unusedSince NaN', { unusedSince: Number.NaN }, 'unusedSince'],
    ['enabled as a text', { enabled: 'true' }, 'enabled'],
    ['a misspelt filter', { usedSince: 5 }, 'usedSince'],
    ['every wrong member', { enabled: 1, unusedSince: true }, 'enabled,unusedSince'],
    ['an empty cursor', { cursor: '' }, 'cursor'],
    ['an invented cursor', { cursor: 'AAAA' }, 'cursor'],
  ])('%s', async (_, request, path) => {
    const { latchkey } = await filled(1)
    expect(await refused(latchkey.list(request))).toEqual({ code: 'ERR_INVALID_INPUT', paths: path.split(',') })
  })

  test('a cursor altered in any one character, or of another data set, environment or caller', async () => {
    const { latchkey, data } = await filled(4)
    const cursor = (await latchkey.list({ limit: 1 })).nextCursor ?? ''
    const bad = { code: 'ERR_INVALID_INPUT', paths: ['cursor'] }
    for (let i = 0; i < cursor.length; i++) {
      const altered = `${cursor.slice(0, i)}${cursor[i] === 'A' ? 'B' : 'A'}${cursor.slice(i + 1)}`
      expect(await refused(latchkey.list({ cursor: altered }))).toEqual(bad)
    }
    for (const altered of [`${cursor}A`, `${cursor}=`, ` ${cursor}`, cursor.slice(0, -1)]) {
      expect(await refused(latchkey.list({ cursor: altered }))).toEqual(bad)
    }
    expect(await refused(testInstance({ data: memoryData() }).latchkey.list({ cursor }))).toEqual(bad)
    expect(await refused(testInstance({ environment: 'other', data }).latchkey.list({ cursor }))).toEqual(bad)
    const ada = hostCaller({ personal: true })
    const bob = hostCaller({ personal: true, owner: 'bob' })
    expect(await refused(latchkey.list({ cursor }, ada))).toEqual(bad)
    const own = (await latchkey.list({ limit: 1 }, ada)).nextCursor ?? ''
    expect(names(await latchkey.list({ cursor: own }, ada))).toEqual(['n0'])
    expect(await refused(latchkey.list({ cursor: own }, bob))).toEqual(bad)
    expect(await refused(latchkey.list({ cursor: own }))).toEqual(bad)
    // Another node on the same data goes on with it, as does another impersonal caller.
    expect(names(await testInstance({ data }).latchkey.list({ cursor }, hostCaller()))).toEqual(['n2'])
  })
})
