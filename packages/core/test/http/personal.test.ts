import { describe, expect, test } from 'vitest'
import type { DialectName } from '../../src/index.js'
import { call, member } from '../support/call.js'
import { hostCaller, testInstance } from '../support/instance.js'

const MANAGE = ['apiTokens.read', 'apiTokens.write']

async function stage(rights: Record<string, readonly string[] | undefined> = { ada: ['*'], bob: ['*'] }) {
  const setup = testInstance({ ownerScopes: async (owner) => rights[owner] })
  const make = (name: string, owner: string, personal: boolean) =>
    setup.latchkey.create({ name, owner, personal, scopes: [...MANAGE, 'a'] })
  const ada = await make('ada personal', 'ada', true)
  const hers = await make('ada impersonal', 'ada', false)
  const bob = await make('bob personal', 'bob', true)
  return { ...setup, rights, ada, hers, bob }
}

test('the tokens of other owners do not exist for it, in any route', async () => {
  const { latchkey, ada, bob, records } = await stage()
  await latchkey.rotate(bob.id, { previousExpiresAt: 'now+1h' })
  const before = await records()
  const requests = [
    ...[
      { line: `GET /${bob.id}` },
      { line: `PUT /${bob.id}`, body: { name: 'x' } },
      { line: `PUT /${bob.id}`, body: {} },
    ],
    ...[{ line: `DELETE /${bob.id}` }, { line: `DELETE /${bob.token}` }, { line: `POST /${bob.id}/rotate` }],
    ...[{ line: `POST /${bob.id}/rotate/finish` }, { line: `POST /${bob.id}/rotate/cancel` }],
    { line: 'POST /lookup', body: { token: bob.token } },
    ...[
      { line: `GET /${bob.id}`, dialect: 'panther' as const },
      { line: `DELETE /${bob.id}`, dialect: 'panther' as const },
    ],
    { line: `POST /${bob.id}`, body: { name: 'x', permissions: ['a'] }, dialect: 'panther' as const },
    { line: `POST /${bob.id}/rotate`, dialect: 'panther' as const },
  ]
  const unknown = await call(latchkey, { line: `GET /lk.${'A'.repeat(24)}`, by: ada.token })
  for (const request of requests) {
    const answer = await call(latchkey, { ...request, by: ada.token })
    expect(answer.status, request.line).toBe(404)
    if (request.dialect === undefined) expect(answer).toEqual(unknown)
  }
  expect((await call(latchkey, { line: 'POST /revoke', body: { token: bob.token }, by: ada.token })).status).toBe(204)
  const use = (record: object) => ({ ...record, lastUsedAt: 0, lastUsedIp: '', secrets: 0 })
  expect((await records()).map(use)).toEqual(before.map(use))
})

test.each<[DialectName, string, string]>([
  ['dynatrace', 'apiTokens', 'nextPageKey'],
  ['panther', 'results', 'next'],
])('%s lists are filtered, counts too, and their keys serve nobody else', async (dialect, rows, next) => {
  const { latchkey, ada, bob, hers } = await stage()
  for (let i = 0; i < 120; i++) {
    await latchkey.create({ name: `n${i}`, owner: i % 2 === 0 ? 'ada' : 'bob', scopes: ['a'] })
  }
  const size = dialect === 'panther' ? '?limit=2' : '?pageSize=100'
  const list = (by: string, query: string) => call(latchkey, { line: `GET /${query}`, by, dialect })
  const answer = await list(ada.token, dialect === 'panther' ? '?limit=1000' : '?fields=owner')
  const shown = (answer.body as Record<string, { owner?: string; name?: string }[]>)[rows] ?? []
  expect(shown).toHaveLength(62)
  if (dialect === 'dynatrace') {
    expect(new Set(shown.map(({ owner }) => owner))).toEqual(new Set(['ada']))
    expect(answer.body).toMatchObject({ totalCount: 62, nextPageKey: null })
    const none = await list(ada.token, `?apiTokenSelector=${encodeURIComponent('owner("bob")')}`)
    expect(none).toMatchObject({ status: 200, body: { apiTokens: [], totalCount: 0, nextPageKey: null } })
  }
  const cursor = dialect === 'panther' ? 'cursor' : 'nextPageKey'
  const all = member(await list(hers.token, size), next)
  expect((await list(hers.token, `?${cursor}=${all}`)).status).toBe(200)
  for (const by of [ada.token, bob.token]) expect((await list(by, `?${cursor}=${all}`)).status).toBe(400)
  if (dialect === 'panther') {
    const own = member(await list(ada.token, size), next)
    expect((await list(ada.token, `?cursor=${own}`)).status).toBe(200)
    for (const by of [bob.token, hers.token]) expect((await list(by, `?cursor=${own}`)).status).toBe(400)
  }
})

describe('children', () => {
  test('are personal and of its owner, whatever is left out', async () => {
    const { latchkey, ada } = await stage()
    for (const more of [{}, { personalAccessToken: null, owner: null }, { personalAccessToken: true, owner: 'ada' }]) {
      const answer = await call(latchkey, {
        line: 'POST /',
        by: ada.token,
        body: { name: 'c', scopes: ['a'], ...more },
      })
      expect(await latchkey.get(member(answer, 'id'))).toMatchObject({ owner: 'ada', personal: true })
    }
    const panther = {
      line: 'POST /',
      by: ada.token,
      body: { name: 'c', permissions: ['a'] },
      dialect: 'panther' as const,
    }
    expect(await latchkey.get(member(await call(latchkey, panther), 'id'))).toMatchObject({
      owner: 'ada',
      personal: true,
    })
  })

  test('of another owner, or impersonal ones, are refused by their place', async () => {
    const { latchkey, ada, hers, records } = await stage()
    const before = (await records()).length
    const child = { name: 'c', scopes: ['a'] }
    const create = (by: string, more: object) => call(latchkey, { line: 'POST /', by, body: { ...child, ...more } })
    const refusal = (path: string) => ({ status: 403, body: { error: { constraintViolations: [{ path }] } } })
    expect(await create(ada.token, { personalAccessToken: false })).toMatchObject(refusal('personalAccessToken'))
    expect(await create(ada.token, { owner: 'bob' })).toMatchObject(refusal('owner'))
    expect(await create(hers.token, { owner: 'bob' })).toMatchObject(refusal('owner'))
    expect(await records()).toHaveLength(before)
    const authorize = () => hostCaller({ scopes: ['a'], assignOwner: true }).caller
    const assigned = await call(latchkey, { line: 'POST /', authorize, body: { ...child, owner: 'bob' } })
    expect(await latchkey.get(member(assigned, 'id'))).toMatchObject({ owner: 'bob', personal: false })
    const plain = await call(latchkey, {
      ...{ line: 'POST /', authorize: () => hostCaller({ scopes: ['a'] }).caller },
      body: { ...child, owner: 'bob' },
    })
    expect(plain).toMatchObject(refusal('owner'))
  })
})

describe('its owner’s rights', () => {
  test('narrow the management scopes and what it can give away', async () => {
    const { latchkey, rights, ada } = await stage()
    const create = (scopes: string[]) => call(latchkey, { line: 'POST /', by: ada.token, body: { name: 'c', scopes } })
    rights.ada = ['apiTokens.write']
    latchkey.forgetOwner('ada')
    expect(await create(['a'])).toMatchObject({
      status: 403,
      body: { error: { constraintViolations: [{ path: 'scopes[0]' }] } },
    })
    expect((await create(['apiTokens.write'])).status).toBe(201)
    expect(await call(latchkey, { line: 'GET /', by: ada.token })).toMatchObject({
      status: 403,
      headers: { 'WWW-Authenticate': 'Bearer realm="api", error="insufficient_scope", scope="apiTokens.read"' },
    })
    rights.ada = []
    expect((await create(['a'])).status).toBe(403)
    expect((await call(latchkey, { line: 'GET /self', by: ada.token })).status).toBe(200)
    rights.ada = undefined
    expect((await create(['a'])).status).toBe(401)
    expect((await call(latchkey, { line: 'GET /self', by: ada.token })).status).toBe(401)
  })

  test('that cannot be found out are 503, and let nobody in', async () => {
    let away = false
    const { latchkey } = testInstance({
      ownerScopes: async () => {
        if (away) throw new Error('directory away')
        return ['*']
      },
    })
    const { token } = await latchkey.create({ name: 'p', owner: 'ada', personal: true, scopes: MANAGE })
    away = true
    for (const line of ['GET /', 'GET /self', 'DELETE /self']) {
      expect(await call(latchkey, { line, by: token })).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } })
    }
    away = false
    expect((await call(latchkey, { line: 'GET /self', by: token })).status).toBe(200)
  })

  test('a token that is rotated by somebody beyond its owner’s rights is still bound to them', async () => {
    const { latchkey, rights, ada } = await stage()
    rights.ada = ['b']
    const { token } = await latchkey.rotate(ada.id)
    expect(await latchkey.verify(token, { scopes: ['a'] })).toEqual({
      ok: false,
      denial: { reason: 'scope', missing: ['a'] },
    })
  })
})
