import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectError, iso } from './answers.js'
import { json, type Reply } from './http.js'
import { adminCase, administrator, BEGIN, routesCase } from './scene.js'

interface Page {
  readonly apiTokens: readonly Readonly<Record<string, unknown>>[]
  readonly nextPageKey: string | null
  readonly pageSize: number
  readonly totalCount: number
}

function page(reply: Reply): Page {
  assert.equal(reply.status, 200, reply.text)
  return json<Page>(reply)
}

const names = (reply: Reply) => page(reply).apiTokens.map(({ name }) => name)

/** Queries that are refused, and the parameter at fault. */
const BAD: readonly (readonly [query: string, parameter: string])[] = [
  ['pageSize=99', 'pageSize'],
  ['pageSize=10001', 'pageSize'],
  ['pageSize=', 'pageSize'],
  ['pageSize=1e3', 'pageSize'],
  ['pageSize=%00', 'pageSize'],
  ['pageSize=200&pageSize=200', 'pageSize'],
  ['pagesize=200', 'pagesize'],
  ['pageSize[]=200', 'pageSize[]'],
  ['pageSize%5B%5D=200', 'pageSize[]'],
  ['__proto__=1', '__proto__'],
  ['__proto__[x]=1', '__proto__[x]'],
  ['constructor=1', 'constructor'],
  ['=1', ''],
  ['token=x', 'token'],
  ['fields=', 'fields'],
  ['fields=secret', 'fields'],
  ['fields=name,%2Bscopes', 'fields'],
  ['sort=owner', 'sort'],
  ['sort=', 'sort'],
  ['from=now%2B1d', 'from'],
  ['from=2030-02-30', 'from'],
  ['to=%ff', 'to'],
  ['apiTokenSelector=owner(%22x)', 'apiTokenSelector'],
  ['apiTokenSelector=', 'apiTokenSelector'],
  ['apiTokenSelector=owner(%22a%22),owner(%22b%22)', 'apiTokenSelector'],
  ['apiTokenSelector=%ZZ', 'apiTokenSelector'],
  ['nextPageKey=', 'nextPageKey'],
  ['nextPageKey=x', 'nextPageKey'],
  ['nextPageKey=%00', 'nextPageKey'],
]

export const routesListCases: readonly AdapterCase[] = [
  adminCase('list shows the standard fields of all tokens, the newest first', async (scene, call, admin) => {
    scene.wait(1_000)
    const { id } = await scene.issue()
    const standard = { enabled: true }
    assert.deepEqual(page(await call('GET', '')), {
      apiTokens: [
        { id, name: 'report', ...standard, owner: 'alice', creationDate: iso(BEGIN + 1_000) },
        { id: admin.id, name: 'admin', ...standard, owner: 'root', creationDate: iso(BEGIN) },
      ],
      nextPageKey: null,
      pageSize: 200,
      totalCount: 2,
    })
  }),
  adminCase('pages follow one another, and nextPageKey is refused beside other parameters', async (scene, call) => {
    for (let i = 0; i < 249; i++) await scene.issue({ name: `n${i}` })
    const seen: unknown[] = []
    let reply = await call('GET', '?pageSize=100&sort=name&fields=%2Bscopes')
    for (const size of [100, 100, 50]) {
      const { apiTokens, pageSize, totalCount, nextPageKey } = page(reply)
      assert.deepEqual([apiTokens.length, pageSize, totalCount], [size, 100, 250])
      assert.ok(apiTokens.every((token) => 'scopes' in token))
      seen.push(...apiTokens.map(({ id }) => id))
      if (nextPageKey === null) break
      const key = encodeURIComponent(nextPageKey)
      for (const more of ['pageSize=100', 'sort=name', 'fields=id', 'from=now', 'x=1', `nextPageKey=${key}`]) {
        assert.equal((await call('GET', `?nextPageKey=${key}&${more}`)).status, 400)
      }
      reply = await call('GET', `?nextPageKey=${key}`)
    }
    assert.deepEqual([new Set(seen).size, seen.length], [250, 250])
    const whole = await call('GET', '?pageSize=10000&sort=name&fields=%2Bscopes')
    assert.deepEqual(
      page(whole).apiTokens.map(({ id }) => id),
      seen,
    )
    assert.equal(whole.headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(whole.headers['content-length'], String(Buffer.byteLength(whole.text)))
  }),
  adminCase('a page key that is altered in any character is refused', async (scene, call) => {
    for (let i = 0; i < 100; i++) await scene.issue()
    const key = String(page(await call('GET', '?pageSize=100')).nextPageKey)
    for (let at = 0; at < key.length; at += 7) {
      const altered = key.slice(0, at) + (key[at] === 'A' ? 'B' : 'A') + key.slice(at + 1)
      expectError(await call('GET', `?nextPageKey=${encodeURIComponent(altered)}`), 400, ['nextPageKey'], 'QUERY')
    }
    for (const other of [`${key}A`, key.slice(0, -1), `${key}=`, ` ${key}`]) {
      expectError(await call('GET', `?nextPageKey=${encodeURIComponent(other)}`), 400, ['nextPageKey'], 'QUERY')
    }
  }),
  adminCase('bad parameters are refused by name', async (_scene, call) => {
    for (const [query, parameter] of BAD) {
      expectError(await call('GET', `?${query}`), 400, [parameter], 'QUERY')
    }
    const all = '?pageSize=1&sort=x&fields=x&from=x&to=x&apiTokenSelector=x&foo=x'
    const places = ['pageSize', 'sort', 'fields', 'from', 'to', 'apiTokenSelector', 'foo']
    expectError(await call('GET', all), 400, places, 'QUERY')
    expectError(await call('GET', '?from=now&to=now-1h'), 400, ['from'], 'QUERY')
  }),
  routesCase('different encodings of a query are understood alike', async (scene) => {
    const { call } = await administrator(scene, { name: 'zz' })
    for (const name of ['b', 'a', 'c']) await scene.issue({ name, owner: 'a b"c~d+e' })
    const selector = encodeURIComponent('owner("a b~"c~~d+e")')
    const queries = [
      `sort=name&apiTokenSelector=${selector}`,
      `sort=%2Bname&apiTokenSelector=${selector}`,
      `sort=+name&apiTokenSelector=${selector}`,
      `sort=%20name&apiTokenSelector=${selector.replaceAll('%20', '+')}`,
      `&&sort=n%61me&&apiTokenSelector=${selector}&`,
      `%73ort=name&apiToken%53elector=${selector}`,
    ]
    for (const query of queries) assert.deepEqual(names(await call('GET', `?${query}`)), ['a', 'b', 'c'], query)
    for (const path of ['?', '/?', '?&', '/?&&']) assert.equal(page(await call('GET', path)).totalCount, 4)
    const [fields] = page(await call('GET', `?fields=+scopes,-name&apiTokenSelector=${selector}`)).apiTokens
    assert.deepEqual(Object.keys(fields ?? {}), ['id', 'enabled', 'owner', 'creationDate', 'scopes'])
  }),
  adminCase('filters by owner, kind, scope and last use', async (scene, call) => {
    await scene.issue({ name: 'one', scopes: ['a', 'b'] })
    await scene.issue({ name: 'two', scopes: ['b'], personal: true })
    const found = async (query: string) => names(await call('GET', `?sort=name&${query}`))
    const selected = (text: string) => found(`apiTokenSelector=${encodeURIComponent(text)}`)
    assert.deepEqual(await selected('owner("root")'), ['admin'])
    assert.deepEqual(await selected('owner("Root")'), [])
    assert.deepEqual(await selected('personalAccessToken(true)'), ['two'])
    assert.deepEqual(await selected('scope("a","*")'), ['admin', 'one'])
    assert.deepEqual(await selected('scope("b"), owner("alice"), personalAccessToken(false)'), ['one'])
    scene.wait(60_000)
    await scene.latchkey.flush()
    assert.deepEqual(await found('from=now-1m'), ['admin'])
    assert.deepEqual(await found(`from=${BEGIN}&to=${BEGIN}`), ['admin'])
    assert.deepEqual(await found('to=now-2m'), [])
  }),
]
