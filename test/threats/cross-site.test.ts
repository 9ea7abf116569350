// A page of another site, in the browser of somebody who is signed in, changes nothing.
import { once } from 'node:events'
import { connect, createServer, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LONG } from '../long.js'
import { hostListener } from './host.mjs'
import { FRAMEWORKS, type Framework, type Scene, scene } from './scene.js'

/** Everybody is signed in, by a cookie that browsers add. */
const authorize = () => ({ id: 'u-7', owner: 'alice', scopes: ['*'] })

const CROSS: readonly (readonly string[])[] = [
  ['Sec-Fetch-Site', 'cross-site'],
  ['Sec-Fetch-Site', 'same-site'],
  ['Sec-Fetch-Site', ''],
  ['Sec-Fetch-Site', 'Same-Origin'],
  ['Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Site', 'cross-site'],
  ['Sec-Fetch-Site', 'cross-site', 'Origin', 'http://localhost'],
  ['Origin', 'https://evil.example'],
  ['Origin', 'null'],
  ['Origin', ''],
  ['Origin', 'localhost'],
  ['Origin', 'http://localhost.evil.example'],
  ['Origin', 'http://localhost:81'],
  ['Origin', 'http://localhost, https://evil.example'],
]
const SAME: readonly (readonly string[])[] = [
  [],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-Site', 'none'],
  ['Sec-Fetch-Site', 'same-origin', 'Origin', 'https://other.example'],
  ['Origin', 'http://localhost'],
  ['Origin', 'https://localhost'],
]
/** What an HTML form can send without asking anybody. */
const FORM = ['Content-Type', 'application/x-www-form-urlencoded']

function writes(id: string): readonly (readonly [method: string, path: string, body?: object | string])[] {
  return [
    ['POST', '/tokens', { name: 'n', scopes: ['*'] }],
    ['PUT', `/tokens/${id}`, { enabled: false }],
    ['POST', `/tokens/${id}/rotate`],
    ['POST', `/tokens/${id}/rotate/finish`],
    ['POST', `/tokens/${id}/rotate/cancel`],
    ['DELETE', `/tokens/${id}`],
    ['POST', '/tokens/revoke', { token: 'x' }],
    ['POST', '/panther', { name: 'n', permissions: ['*'] }],
    ['POST', `/panther/${id}`, { name: 'n', permissions: ['*'] }],
    ['POST', `/panther/${id}/rotate`],
    ['DELETE', `/panther/${id}`],
    ['POST', '/latchkey', { name: 'n', scopes: ['*'] }],
    ['PATCH', `/latchkey/${id}`, { enabled: false }],
    ['POST', `/latchkey/${id}/rotate`],
    ['POST', `/latchkey/${id}/rotate/finish`],
    ['POST', `/latchkey/${id}/rotate/cancel`],
    ['DELETE', `/latchkey/${id}`],
    ['POST', '/latchkey/revoke', { token: 'x' }],
    ['POST', '/latchkey/revoke-all', { owner: 'alice' }],
  ]
}

async function rotating({ issue, latchkey }: Scene): Promise<string> {
  const { id } = await issue()
  await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
  return id
}

describe.each(LONG ? ([...FRAMEWORKS, 'fastify'] as const) : FRAMEWORKS)('on %s', (framework) => {
  test('34 a page of another site changes nothing in the name of a signed-in user', async () => {
    const host = await scene(framework, {}, { routes: { authorize } })
    const { call, records } = host
    const id = await rotating(host)
    const before = await records()
    for (const headers of CROSS) {
      for (const [method, path, body] of writes(id)) {
        const reply = await call(method, path, undefined, { headers, body })
        expect([headers, method, path, reply.status]).toEqual([headers, method, path, 403])
        expect(reply.text).not.toMatch(/token is needed|lacks the scope/)
      }
      const plain = await call('POST', `/tokens/${id}/rotate`, undefined, { headers: [...headers, ...FORM], body: '' })
      expect(plain.status).toBe(403)
      expect((await call('GET', `/tokens/${id}`, undefined, { headers })).status).toBe(200)
    }
    expect(await records()).toEqual(before)
    for (const headers of SAME) {
      const reply = await call('POST', `/tokens/${id}/rotate`, undefined, { headers })
      expect([headers, reply.status]).toEqual([headers, 200])
    }
  })

  test('34 a token that the host takes from a cookie is bound as a sign-in is', async () => {
    const host = await scene(framework, {}, { tokenInCookie: true })
    const { issue, latchkey, records } = host
    const { id, token } = await issue({ scopes: ['*'] })
    const cookie = ['Cookie', `theme=dark; token=${token}`]
    const before = (await records()).map(({ id, version }) => [id, version])
    for (const headers of CROSS) {
      for (const [method, path, body] of writes(id)) {
        const reply = await host.call(method, path, undefined, { headers: [...cookie, ...headers], body })
        expect([headers, method, path, reply.status]).toEqual([headers, method, path, 403])
      }
    }
    expect((await records()).map(({ id, version }) => [id, version])).toEqual(before)
    const sent = { headers: ['Sec-Fetch-Site', 'cross-site'] }
    expect((await host.call('PUT', `/tokens/${id}`, token, { ...sent, body: { name: 'x' } })).status).toBe(204)
    const own = { headers: [...cookie, 'Sec-Fetch-Site', 'same-origin'] }
    expect((await host.call('POST', '/tokens/self/rotate', undefined, own)).status).toBe(200)
    expect((await latchkey.verify(token)).ok).toBe(false)
  })

  test('34 a trusted origin is one in full, and a token needs none', async () => {
    const trusted = 'https://admin.example'
    const csrf = { trustedOrigins: [trusted] }
    const host = await scene(framework, {}, { routes: { authorize, csrf } })
    const status = async ({ call }: Scene, headers: readonly string[], token?: string) =>
      (await call('POST', '/tokens', token, { headers, body: { name: 'n', scopes: ['a'] } })).status
    for (const site of [[], ['Sec-Fetch-Site', 'cross-site']]) {
      expect(await status(host, [...site, 'Origin', trusted])).toBe(201)
      for (const origin of [
        `${trusted}.evil.example`,
        `${trusted}:8443`,
        'http://admin.example',
        `${trusted}/`,
        'null',
      ]) {
        expect([origin, await status(host, [...site, 'Origin', origin])]).toEqual([origin, 403])
      }
    }
    const withTokens = await scene(framework, {}, { routes: { authorize: () => undefined } })
    const { token } = await withTokens.issue({ scopes: ['*'] })
    for (const headers of CROSS) expect([headers, await status(withTokens, headers, token)]).toEqual([headers, 201])
    for (const bad of ['admin.example', 'https://admin.example/', '*', 'null', '', 'https://a b']) {
      const mounting = scene(framework, {}, { routes: { authorize, csrf: { trustedOrigins: [bad] } } })
      await expect(mounting).rejects.toThrow('trustedOrigins must hold origins')
    }
  })
})

// Express 5 does not run on HTTP/2.
test('34 over HTTP/2 the host is the authority that the request names', async () => {
  const { latchkey, issue } = await scene('koa' satisfies Framework)
  const { id } = await issue()
  const server = createServer(hostListener('koa', latchkey, { routes: { authorize } }) as never)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  const rotate = async (headers: Record<string, string>) => {
    const request = client.request({ ':method': 'POST', ':path': `/tokens/${id}/rotate`, ...headers })
    request.end()
    const [answer] = (await once(request, 'response')) as [IncomingHttpHeaders & { ':status'?: number }]
    request.resume()
    return answer[':status']
  }
  const own = { ':authority': 'tokens.example' }
  expect(await rotate({ ...own, origin: 'https://tokens.example' })).toBe(200)
  expect(await rotate({ ...own })).toBe(200)
  expect(await rotate({ ...own, origin: 'https://evil.example' })).toBe(403)
  expect(await rotate({ ...own, origin: 'null' })).toBe(403)
  expect(await rotate({ ...own, 'sec-fetch-site': 'cross-site', origin: 'https://tokens.example' })).toBe(403)
})
