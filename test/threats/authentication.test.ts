// Who is let in at all, and what the others are told.
import { memoryStore, type TokenStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import { describe, expect, test } from 'vitest'
import { type Ask, forge, type Reply } from './client.js'
import { FRAMEWORKS, scene } from './scene.js'

/** Every operation of every dialect, on the token of this id. `openapi.json` answers anybody. */
function operations(id: string): readonly (readonly [method: string, path: string])[] {
  return [
    ['GET', '/tokens'],
    ['POST', '/tokens'],
    ['POST', '/tokens/lookup'],
    ['POST', '/tokens/revoke'],
    ['GET', `/tokens/${id}`],
    ['GET', '/tokens/self'],
    ['PUT', `/tokens/${id}`],
    ['DELETE', `/tokens/${id}`],
    ['POST', `/tokens/${id}/rotate`],
    ['POST', `/tokens/${id}/rotate/finish`],
    ['POST', `/tokens/${id}/rotate/cancel`],
    ['GET', '/panther'],
    ['POST', '/panther'],
    ['GET', `/panther/${id}`],
    ['POST', `/panther/${id}`],
    ['DELETE', `/panther/${id}`],
    ['POST', `/panther/${id}/rotate`],
    ['GET', '/latchkey'],
    ['POST', '/latchkey'],
    ['POST', '/latchkey/lookup'],
    ['POST', '/latchkey/revoke'],
    ['POST', '/latchkey/revoke-all'],
    ['POST', '/latchkey/explain'],
    ['GET', '/latchkey/capabilities'],
    ['GET', `/latchkey/${id}`],
    ['PATCH', `/latchkey/${id}`],
    ['DELETE', `/latchkey/${id}`],
    ['POST', `/latchkey/${id}/rotate`],
    ['POST', `/latchkey/${id}/rotate/finish`],
    ['POST', `/latchkey/${id}/rotate/cancel`],
  ]
}

/** What a stranger might write to be taken for somebody. */
function claims(token: string): readonly Record<string, unknown>[] {
  return [
    {},
    { name: 'mine', scopes: ['*'], owner: 'root', permissions: ['*'] },
    { authenticated: true, auth: false, authorize: null, requireAuth: false, skip: true },
    { userId: 'root', user: { id: 'root' }, caller: { owner: 'root', scopes: ['*'] }, request: null },
    { token, access_token: token, apiToken: { id: 'x', scopes: ['*'] }, headers: { authorization: `Bearer ${token}` } },
  ]
}

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test('1 no byte of body, query or path stands in for a credential: every operation is 401 and writes nothing', async () => {
    const { call, issue, records } = await scene(framework)
    const { id, token } = await issue({ scopes: ['*'] })
    const before = await records()
    for (const [method, path] of operations(id)) {
      for (const claim of claims(token)) {
        const query = new URLSearchParams(
          Object.entries(claim).map(([name, value]): [string, string] => [name, String(value)]),
        )
        for (const body of [claim, undefined]) {
          const reply = await call(method, `${path}?${query}`, undefined, { body })
          expect([method, path, reply.status]).toEqual([method, path, 401])
          expect(reply.headers['www-authenticate']).toBe('Bearer realm="api"')
        }
      }
    }
    // A whole token in the path names one, and proves nothing.
    expect((await call('DELETE', `/tokens/${token}`)).status).toBe(401)
    expect(await records()).toEqual(before)
  })

  test('14 the presence of a header lets nobody in, and no request brings its own token object', async () => {
    const { call, issue } = await scene(framework)
    const { token } = await issue()
    const presences: readonly (readonly string[])[] = [
      ['X-API-Key', 'true'],
      ['X-API-Key', 'null'],
      ['X-API-Key', ''],
      ['Authorization', 'Bearer'],
      ['Authorization', 'Bearer undefined'],
      ['Authorization', 'Basic cm9vdDpyb290'],
      ['Authorization', token],
      ['X-Api-Token', token],
      ['Cookie', `token=${token}; apiToken=${token}`],
      ['Proxy-Authorization', `Bearer ${token}`],
    ]
    for (const headers of presences) {
      const reply = await call('GET', '/reports.read', undefined, { headers })
      expect([400, 401]).toContain(reply.status)
      expect(reply.text).not.toContain('"token"')
    }
    const repeats: readonly (readonly string[])[] = [
      ['Authorization', `Bearer ${token}`, 'Authorization', `Bearer ${token}`],
      ['X-API-Key', token, 'x-api-key', token],
      ['X-API-Key', token, 'Authorization', `Bearer ${token}`],
      ['Authorization', `Bearer ${token}`, 'Authorization', 'Basic cm9vdDpyb290'],
    ]
    for (const headers of repeats) {
      expect((await call('GET', '/reports.read', undefined, { headers })).status).toBe(400)
    }
    const forged = { apiToken: { id: 'forged' }, state: { apiToken: { id: 'forged' } } }
    const headers = ['apiToken', 'forged', 'req.apiToken', 'forged']
    const open = await call('POST', '/open?apiToken=forged&apiToken[id]=forged', undefined, { headers, body: forged })
    expect(open.json()).toEqual({ token: null })
    expect((await call('GET', '/reports.read', token)).status).toBe(200)
  })

  test('21 whatever is no verdict is an error to the caller, never "signed in" and never "not signed in"', async () => {
    let broken = false
    let owners: () => Promise<readonly string[] | undefined> = async () => ['*']
    let hasherFails = false
    const { call, issue } = await scene(framework, {
      store: breakable(() => broken),
      cache: { ttl: 1 },
      now: advancing(),
      ownerScopes: () => owners(),
      hasher: {
        ...testHasher,
        verify: async (secret, phc) => {
          if (hasherFails) throw new TypeError('not a verdict')
          return testHasher.verify(secret, phc)
        },
      },
    })
    const good = await issue()
    const personal = await issue({ personal: true })
    for (const { token } of [good, personal]) expect((await call('GET', '/reports.read', token)).status).toBe(200)

    broken = true
    for (const token of [good.token, personal.token, forge()]) {
      for (const path of ['/reports.read', '/any', '/tokens/self']) unavailable(await call('GET', path, token))
    }
    broken = false
    for (const failure of [async () => Promise.reject(new Error('down')), async () => 'root' as unknown as string[]]) {
      owners = failure
      unavailable(await call('GET', '/reports.read', personal.token))
      expect((await call('GET', '/reports.read', good.token)).status).toBe(200)
    }
    owners = async () => ['*']
    hasherFails = true
    const fresh = await issue()
    expect((await call('GET', '/reports.read', fresh.token)).status).toBe(500)
    expect((await call('GET', '/tokens/self', fresh.token)).status).toBe(500)
    hasherFails = false
    expect((await call('GET', '/reports.read', fresh.token)).status).toBe(200)
  })
})

function unavailable(reply: Reply): void {
  expect(reply.status).toBe(503)
  expect(reply.headers['retry-after']).toBe('1')
  expect(reply.headers['www-authenticate']).toBeUndefined()
}

/** A clock that never shows a time twice, so that nothing is recent for long. */
function advancing(): () => number {
  let at = Date.UTC(2030, 0, 1)
  return () => {
    at += 10
    return at
  }
}

function breakable(broken: () => boolean): TokenStore {
  const inner = memoryStore()
  return {
    ...inner,
    async open(environment) {
      const opened = await inner.open(environment)
      return {
        ...opened,
        find: async (id) => (broken() ? Promise.reject(new Error('connect ECONNREFUSED')) : opened.find(id)),
      }
    },
  }
}

test('22 refusals are those of RFC 6750, byte for byte the same on Express and Koa', async () => {
  const hosts = await Promise.all(FRAMEWORKS.map((framework) => scene(framework, { realm: 'reports of acme' })))
  const realm = 'Bearer realm="reports of acme"'
  const answers = await Promise.all(
    hosts.map(async ({ call, issue, latchkey }) => {
      const good = await issue()
      const away = await issue({ networks: ['192.0.2.0/24'] })
      const poor = await issue({ scopes: ['logs.read'] })
      await latchkey.ready()
      const asks: readonly (readonly [method: string, path: string, token: string | undefined, ask?: Ask])[] = [
        ['GET', '/reports.read', undefined],
        ['GET', '/reports.read', undefined, { headers: ['X-API-Key', ''] }],
        ['GET', '/reports.read', good.token, { headers: ['X-API-Key', good.token] }],
        ['GET', '/reports.read', 'nonsense'],
        ['GET', '/reports.read', forge()],
        ['GET', '/reports.read', away.token],
        ['GET', '/reports.read', poor.token],
        ['GET', '/tokens', undefined],
        ['GET', '/tokens', forge()],
        ['POST', '/tokens', good.token, { body: {} }],
      ]
      const replies: Reply[] = []
      for (const [method, path, token, ask] of asks) replies.push(await call(method, path, token, ask))
      return replies.map(({ status, rawHeaders, text }) => ({ status, headers: withoutDate(rawHeaders), text }))
    }),
  )
  expect(answers[1]).toEqual(answers[0])
  const heads = answers[0]?.map(({ status, headers }) => [
    status,
    headers.find((header) => header.startsWith('WWW-Authenticate')),
  ])
  expect(heads).toEqual([
    [401, `WWW-Authenticate: ${realm}`],
    [400, `WWW-Authenticate: ${realm}, error="invalid_request"`],
    [400, `WWW-Authenticate: ${realm}, error="invalid_request"`],
    [401, `WWW-Authenticate: ${realm}, error="invalid_token"`],
    [401, `WWW-Authenticate: ${realm}, error="invalid_token"`],
    [403, `WWW-Authenticate: ${realm}`],
    [403, `WWW-Authenticate: ${realm}, error="insufficient_scope", scope="reports.read"`],
    [401, `WWW-Authenticate: ${realm}`],
    [401, `WWW-Authenticate: ${realm}, error="invalid_token"`],
    [403, `WWW-Authenticate: ${realm}, error="insufficient_scope", scope="apiTokens.write"`],
  ])
})

function withoutDate(rawHeaders: readonly string[]): readonly string[] {
  const lines = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []))
  return lines.filter((line) => !line.startsWith('Date: ')).toSorted()
}
