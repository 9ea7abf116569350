import { beforeAll, describe, expect, test } from 'vitest'
import { memoryData } from '../../src/index.js'
import { type Answered, call, places } from '../support/call.js'
import { DAY, MINUTE, NOW, type TestInstance, testInstance } from '../support/instance.js'

interface Page {
  apiTokens: Record<string, unknown>[]
  nextPageKey: string | null
  pageSize: number
  totalCount: number
}

let set: TestInstance
let by: string

/** 250 tokens with owners, scopes and uses in turn, one of them the caller itself: the last one made. */
beforeAll(async () => {
  set = testInstance()
  for (let i = 0; i < 249; i++) {
    set.clock.now = NOW + i
    const { token } = await set.latchkey.create({
      name: `n${String(i).padStart(3, '0')}`,
      owner: i % 2 === 0 ? 'ada "the ~first"' : 'bob',
      personal: i % 4 === 1,
      scopes: i % 5 === 0 ? ['reports.*'] : i % 5 === 1 ? ['a', 'b'] : ['b'],
      ...(i % 10 === 0 && { expiresAt: NOW + DAY + i }),
      ...(i % 50 === 0 && { networks: ['10.0.0.0/8'], metadata: { i } }),
    })
    if (i < 20) {
      set.clock.now = NOW + i * MINUTE
      await set.latchkey.verify(token, { ip: '10.0.0.1' })
    }
  }
  set.clock.now = NOW + 1000
  by = (await set.latchkey.create({ name: 'the caller', owner: 'zoe', scopes: ['apiTokens.read'] })).token
  await set.latchkey.flush()
  set.clock.now = NOW + DAY
})

const list = (query: string, dialect: 'dynatrace' | 'panther' = 'dynatrace') =>
  call(set.latchkey, { line: `GET /${query}`, by, dialect })

async function page(query: string): Promise<Page> {
  const answer = await list(query)
  expect(answer.status, query).toBe(200)
  return answer.body as Page
}

const query = (parameters: Record<string, string>) => `?${new URLSearchParams(parameters)}`
const names = ({ apiTokens }: Page) => apiTokens.map(({ name }) => String(name))

async function refused(text: string, ...paths: string[]): Promise<Answered> {
  const answer = await list(text)
  expect(answer.status, text).toBe(400)
  expect(places(answer), text).toEqual(paths)
  expect(JSON.stringify(answer.body)).not.toContain('PAYLOAD_BODY')
  return answer
}

test('the default: 200 of the newest, five members each, counted in full', async () => {
  const first = await page('')
  expect(first).toMatchObject({ pageSize: 200, totalCount: 250 })
  expect(first.apiTokens).toHaveLength(200)
  expect(first.apiTokens[0]).toEqual({
    ...{ id: expect.stringMatching(/^lk\./), name: 'the caller', enabled: true, owner: 'zoe' },
    creationDate: '2026-01-15T12:00:01.000Z',
  })
  expect(first.apiTokens[1]).toMatchObject({ name: 'n248', creationDate: '2026-01-15T12:00:00.248Z' })
  const second = await page(query({ nextPageKey: first.nextPageKey ?? '' }))
  expect(second).toMatchObject({ nextPageKey: null, pageSize: 200, totalCount: 250 })
  expect([...names(first), ...names(second)]).toEqual(
    [...Array.from({ length: 249 }, (_, i) => `n${String(i).padStart(3, '0')}`), 'the caller'].toReversed(),
  )
  expect((await list('')).headers).toMatchObject({ 'Cache-Control': 'no-store' })
})

test('pages keep their query: filter, fields, sort and size', async () => {
  const selector = 'owner("ada ~"the ~~first~"") , scope( "b","reports.*" )'
  let next: string | null = null
  const seen: string[] = []
  do {
    const asked: Record<string, string> =
      next === null
        ? { apiTokenSelector: selector, fields: 'name,scopes', sort: '-name', pageSize: '100' }
        : { nextPageKey: next }
    const got: Page = await page(query(asked))
    expect(got).toMatchObject({ pageSize: 100, totalCount: 125 })
    for (const row of got.apiTokens) expect(Object.keys(row)).toEqual(['id', 'name', 'scopes'])
    seen.push(...names(got))
    next = got.nextPageKey
  } while (next !== null)
  expect(seen).toHaveLength(125)
  expect(seen[0]).toBe('n248')
  for (const [i, name] of seen.entries()) expect(i === 0 || name < (seen[i - 1] ?? '')).toBe(true)
})

describe('selector', () => {
  test.each<[string, number]>([
    ['owner("bob")', 124],
    ['owner("BOB")', 0],
    ['personalAccessToken(true)', 62],
    ['personalAccessToken(false),owner("bob")', 62],
    ['scope("a")', 50],
    ['scope("a","reports.*")', 100],
    ['scope("reports.read")', 0],
    ['scope("a"),owner("zoe")', 0],
  ])('%s: %i', async (apiTokenSelector, count) => {
    expect(await page(query({ apiTokenSelector, pageSize: '1000' }))).toMatchObject({ totalCount: count })
  })

  test.each([
    '',
    'owner',
    'owner("x',
    'owner("x"),owner("y")',
    'name("x")',
    '$where(1)',
    'scope()',
    'owner("a\u0000")',
    '__proto__("x")',
  ])('refused: %s', async (apiTokenSelector) => {
    await refused(query({ apiTokenSelector }), 'apiTokenSelector')
  })
})

describe('fields', () => {
  const standard = ['id', 'name', 'enabled', 'owner', 'creationDate']
  test.each<[string, readonly string[]]>([
    ['fields=%2Bscopes', [...standard, 'scopes']],
    ['fields=+scopes', [...standard, 'scopes']],
    [
      'fields=+scopes,+personalAccessToken,-owner',
      ['id', 'name', 'enabled', 'creationDate', 'scopes', 'personalAccessToken'],
    ],
    ['fields=-id,-name', ['id', 'enabled', 'owner', 'creationDate']],
    ['fields=name', ['id', 'name']],
    ['fields=id', ['id']],
  ])('%s', async (asked, members) => {
    const { apiTokens } = await page(`?${asked}`)
    expect(Object.keys(apiTokens[0] ?? {})).toEqual(members)
  })

  test('all of them, unset ones left out', async () => {
    const fields =
      'id,name,enabled,owner,creationDate,expirationDate,lastUsedDate,lastUsedIpAddress,modifiedDate,scopes,' +
      'personalAccessToken,additionalMetadata,allowedCIDRBlocks,rotationDate,previousSecret'
    const { apiTokens } = await page(query({ fields, sort: 'name', pageSize: '100' }))
    expect(apiTokens[0]).toEqual({
      ...{ id: expect.any(String), name: 'n000', enabled: true, owner: 'ada "the ~first"', personalAccessToken: false },
      ...{ creationDate: '2026-01-15T12:00:00.000Z', expirationDate: '2026-01-16T12:00:00.000Z' },
      ...{ lastUsedDate: '2026-01-15T12:00:00.000Z', lastUsedIpAddress: '10.0.0.1', scopes: ['reports.*'] },
      ...{ additionalMetadata: { i: 0 }, allowedCIDRBlocks: ['10.0.0.0/8'] },
    })
    expect(JSON.stringify(apiTokens)).not.toMatch(/hash|tag|secrets|retired|version|hmac/)
  })

  test.each([
    'fields=',
    'fields=name,%2Bscopes',
    'fields=token',
    'fields=secrets',
    'fields=__proto__',
    'fields=name,name',
  ])('refused: %s', async (asked) => {
    await refused(`?${asked}`, 'fields')
  })
})

describe('sort', () => {
  test.each<[string, string, string]>([
    ['name', 'n000', 'n001'],
    ['+name', 'n000', 'n001'],
    ['-name', 'the caller', 'n248'],
    ['creationDate', 'n000', 'n001'],
    ['-creationDate', 'the caller', 'n248'],
    ['expirationDate', 'n000', 'n010'],
    ['-lastUsedDate', 'n019', 'n018'],
  ])('%s', async (sort, first, second) => {
    // Unencoded on purpose: the plus reaches us as a blank.
    expect(names(await page(`?sort=${sort}`)).slice(0, 2)).toEqual([first, second])
  })

  test('never expiring counts as the latest, never used as the oldest, ties are reversed with the sign', async () => {
    const [up, down] = [
      await page('?sort=expirationDate&pageSize=1000'),
      await page('?sort=-expirationDate&pageSize=1000'),
    ]
    expect(names(up)).toEqual(names(down).toReversed())
    expect(names(down).slice(0, 225)).not.toContain('n000')
    expect(names(await page('?sort=lastUsedDate&pageSize=1000')).slice(-20)[0]).toBe('n000')
  })

  test.each(['', 'id', 'owner', '--name', '+', 'constructor', 'name,owner'])('refused: %s', async (sort) => {
    await refused(query({ sort }), 'sort')
  })
})

describe('from and to', () => {
  const at = (minutes: number) => new Date(NOW + minutes * MINUTE).toISOString()
  test.each<[Record<string, string>, number]>([
    [{ from: at(5), to: at(7) }, 3],
    [{ from: String(NOW + 5 * MINUTE), to: String(NOW + 5 * MINUTE) }, 1],
    [{ to: at(4) }, 5],
    [{ from: at(17) }, 3],
    [{ from: 'now-1d' }, 20],
    [{ from: 'now/d' }, 0],
    [{ from: 'now-1d/d', to: 'now-1d' }, 1],
    [{ from: '1970-01-01', to: '9999-12-31' }, 20],
  ])('%s: %i', async (bounds, count) => {
    expect((await page(query(bounds))).totalCount).toBe(count)
  })

  test('relative times, and the end that is now, are fixed on the first page', async () => {
    const data = memoryData()
    const { latchkey, clock } = testInstance({ data })
    for (let i = 0; i < 150; i++) {
      const { token } = await latchkey.create({ name: `n${i}`, owner: 'ada', scopes: ['a'] })
      await latchkey.verify(token)
    }
    await latchkey.flush()
    const reader = await latchkey.create({ name: 'reader', owner: 'ada', scopes: ['apiTokens.read'] })
    const first = await call(latchkey, { line: 'GET /?from=now-1h&pageSize=100', by: reader.token })
    expect(first.body).toMatchObject({ totalCount: 150 })
    clock.now += DAY
    const key = (first.body as Page).nextPageKey ?? ''
    const second = await call(latchkey, { line: `GET /?nextPageKey=${key}`, by: reader.token })
    expect((second.body as Page).apiTokens).toHaveLength(50)
  })

  test.each<[Record<string, string>, ...string[]]>([
    [{ from: 'yesterday' }, 'from'],
    [{ to: '2026-02-30' }, 'to'],
    [{ from: '' }, 'from'],
    [{ from: 'now+1h' }, 'from'],
    [{ from: at(7), to: at(6) }, 'from'],
    [{ from: 'x', to: 'y' }, 'from', 'to'],
    [{ from: '-1' }, 'from'],
    [{ to: 'now-1d+1m' }, 'to'],
  ])('refused: %s', async (bounds, ...paths) => {
    await refused(query(bounds), ...paths)
  })
})

describe('page sizes', () => {
  test.each(['100', '10000'])('%s', async (pageSize) => {
    expect(await page(query({ pageSize }))).toMatchObject({ pageSize: Number(pageSize) })
  })
  test.each(['99', '10001', '0', '-100', '1e3', '100.0', ' 100', '0x100', '', 'NaN', '0100', '9'.repeat(400)])(
    'refused: %s',
    async (pageSize) => {
      await refused(query({ pageSize }), 'pageSize')
    },
  )
})

describe('parameters as a whole', () => {
  test.each<[string, ...string[]]>([
    ['?x=1', 'x'],
    ['?pagesize=100', 'pagesize'],
    ['?limit=100', 'limit'],
    ['?cursor=x', 'cursor'],
    ['?pageSize=100&pageSize=100', 'pageSize'],
    ['?pageSize[]=100', 'pageSize[]'],
    ['?sort[$ne]=name', 'sort[$ne]'],
    ['?__proto__=1&constructor=2', '__proto__', 'constructor'],
    [
      '?from=x&to=y&sort=z&fields=q&pageSize=1&apiTokenSelector=!&u=1',
      ...['apiTokenSelector', 'fields', 'from', 'pageSize', 'sort', 'to', 'u'],
    ],
    ['?nextPageKey=a&nextPageKey=b', 'nextPageKey'],
    ['?nextPageKey=a&sort=name', 'sort'],
    ['?nextPageKey=a&pageSize=100&x=1', 'pageSize', 'x'],
    ['?nextPageKey=', 'nextPageKey'],
    ['?nextPageKey=null', 'nextPageKey'],
    ['?%ff=1', '\ufffd'],
  ])('refused: %s', async (text, ...paths) => {
    await refused(text, ...paths)
  })

  test('each violation of a query says that it is one', async () => {
    const answer = await refused('?pageSize=1', 'pageSize')
    expect(answer.body).toEqual({
      error: {
        ...{ code: 400, message: 'The input is invalid.' },
        constraintViolations: [
          { path: 'pageSize', message: expect.any(String), parameterLocation: 'QUERY', location: null },
        ],
      },
    })
  })
})

describe('keys', () => {
  test('altered in any one character, or of another data set or dialect, are refused', async () => {
    const key = (await page('?pageSize=100')).nextPageKey ?? ''
    for (let i = 0; i < key.length; i += 3) {
      const altered = `${key.slice(0, i)}${key[i] === 'A' ? 'B' : 'A'}${key.slice(i + 1)}`
      await refused(query({ nextPageKey: altered }), 'nextPageKey')
    }
    const other = testInstance()
    const reader = await other.latchkey.create({ name: 'r', owner: 'ada', scopes: ['*'] })
    expect((await call(other.latchkey, { line: `GET /?nextPageKey=${key}`, by: reader.token })).status).toBe(400)
    expect((await list(`?cursor=${key}`, 'panther')).status).toBe(400)
    const foreign = ((await list('?limit=1', 'panther')).body as { next: string }).next
    await refused(query({ nextPageKey: foreign }), 'nextPageKey')
    const inProcess = (await set.latchkey.list({ limit: 1 })).nextCursor ?? ''
    await refused(query({ nextPageKey: inProcess }), 'nextPageKey')
  })

  test('a walk neither skips nor repeats a token that stays, while others come and go', async () => {
    const { latchkey, clock } = testInstance()
    const reader = await latchkey.create({ name: 'r', owner: 'z', scopes: ['apiTokens.read'] })
    const ids: string[] = []
    for (let i = 0; i < 350; i++) {
      clock.now++
      ids.push((await latchkey.create({ name: `n${i % 7}`, owner: 'ada', scopes: ['a'] })).id)
    }
    const gone = ids.filter((_, i) => i % 9 === 0)
    const stay = new Set(ids.filter((_, i) => i % 9 !== 0))
    const seen: string[] = []
    let next: string | null = null
    do {
      const asked: string = next === null ? '?sort=-name&pageSize=100' : `?nextPageKey=${next}`
      const answer = await call(latchkey, { line: `GET /${asked}`, by: reader.token })
      const body = answer.body as Page
      expect(body.totalCount).toBe(351)
      seen.push(...body.apiTokens.map(({ id }) => String(id)).filter((id) => stay.has(id)))
      next = body.nextPageKey
      for (const id of gone.splice(0, 13)) await latchkey.delete(id)
      for (let i = 0; i < 20; i++) await latchkey.create({ name: `n${i % 7}`, owner: 'bob', scopes: ['a'] })
    } while (next !== null)
    expect(seen).toHaveLength(stay.size)
    expect(new Set(seen)).toEqual(stay)
  })
})

test('an empty page', async () => {
  const answer = await page(query({ apiTokenSelector: 'owner("nobody")' }))
  expect(answer).toEqual({ apiTokens: [], nextPageKey: null, pageSize: 200, totalCount: 0 })
})

describe('panther', () => {
  test('a page of 100 by default, the whole resource, and no key behind the last one', async () => {
    const seen: unknown[] = []
    let next: string | undefined
    do {
      const answer = await list(next === undefined ? '' : `?cursor=${next}&limit=120`, 'panther')
      const body = answer.body as { results: Record<string, unknown>[]; next?: string }
      expect(body.results.length).toBe(next === undefined ? 100 : seen.length === 100 ? 120 : 30)
      seen.push(...body.results.map(({ name }) => name))
      next = body.next
    } while (next !== undefined)
    expect(new Set(seen).size).toBe(250)
    const [first] = ((await list('?limit=1', 'panther')).body as { results: unknown[] }).results
    expect(first).toEqual({
      ...{ id: expect.any(String), name: 'the caller', permissions: ['apiTokens.read'], allowedCIDRBlocks: [] },
      ...{ createdAt: '2026-01-15T12:00:01.000Z', expiresAt: null },
    })
  })

  test.each([
    '?limit=0',
    '?limit=1001',
    '?limit=x',
    '?cursor=',
    '?cursor=x',
    '?sort=name',
    '?fields=name',
    '?pageSize=100',
    '?limit=1&limit=1',
  ])('refused: %s', async (text) => {
    const answer = await list(text, 'panther')
    const name = /\?(\w+)/.exec(text)?.[1] ?? ''
    expect(answer).toMatchObject({ status: 400, body: { message: expect.stringContaining(`${name}:`) } })
  })
})
