// Guards and routes judge the request that the application sees, and answer it once.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import { type IncomingMessage, type RequestListener, request } from 'node:http'
import { connect, createServer as createHttp2Server, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyFastify } from '@latchkey/fastify'
import { latchkeyKoa } from '@latchkey/koa'
import { testHasher } from '@latchkey/testkit'
import { fastify } from 'fastify'
import Koa from 'koa'
import { createRequest, createResponse } from 'node-mocks-http'
import serverless from 'serverless-http'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { FETCH_HOSTS } from './fetch-hosts.js'
import {
  EXPRESSES,
  type HeaderEditor,
  HOSTS,
  KOAS,
  type RequestPlan,
  serve,
  setting,
  TTL,
  turns,
} from './request-hosts.js'

const bearer = (token: string) => ['Authorization', `Bearer ${token}`]

/** Collects what a channel of Latchkey publishes, until the test ends. */
function heard(channel: string): { readonly ip?: string }[] {
  const messages: { readonly ip?: string }[] = []
  const listener = (message: unknown) => void messages.push(message as { readonly ip?: string })
  subscribe(channel, listener)
  onTestFinished(() => void unsubscribe(channel, listener))
  return messages
}

const ALL_HOSTS = [...HOSTS, ...FETCH_HOSTS]

describe.each(ALL_HOSTS)('on %s', (name, mount) => {
  test('27 an admission is as old as cache.ttl at most: then a second guard judges again', async () => {
    const { latchkey, clock, issue } = setting()
    let between = async () => {}
    const { call } = await serve(mount({ latchkey, between: () => between() }))
    for (const [age, status] of [
      [TTL - 1, 200],
      [TTL, 401],
    ] as const) {
      const { id, token } = await issue()
      // As while a body arrives slowly.
      between = async () => {
        await latchkey.delete(id)
        clock.at += age
      }
      expect([age, (await call('POST', '/twice', token)).status]).toEqual([age, status])
    }
  })

  test('31 an IPv4 client of a dual-stack socket has an IPv4 address', async () => {
    const { latchkey, issue } = setting()
    const { call } = await serve(mount({ latchkey }), '::')
    const { id, token } = await issue(['*'], ['127.0.0.0/8'])
    expect((await call('GET', '/reports', token)).status).toBe(200)
    await latchkey.flush()
    expect((await latchkey.get(id))?.lastUsedIp).toBe('127.0.0.1')
    const shown = await call('GET', '/tokens/self', token)
    expect(shown.json()).toMatchObject({ lastUsedIpAddress: '127.0.0.1' })
  })

  test('35 what a middleware does to the credential is obeyed, in guards and in routes', async () => {
    const { latchkey, issue } = setting()
    const [mine, other] = [await issue(['*']), await issue(['*'])]
    let change = (_headers: HeaderEditor) => {}
    const { call } = await serve(mount({ latchkey, edit: (headers) => change(headers) }))
    for (const path of ['/reports', '/twice', '/tokens/self']) {
      const seen = async (headers: readonly string[], edit: typeof change) => {
        change = edit
        const reply = await call('GET', path, undefined, { headers })
        return reply.status === 200 ? reply.json<{ id: string }>().id : reply.status
      }
      const remove = (headers: HeaderEditor) => {
        headers.delete('authorization')
        headers.delete('x-api-key')
      }
      const add = (headers: HeaderEditor) => {
        const token = /token=([^;]+)/.exec(headers.get('cookie') ?? '')?.[1]
        headers.set('authorization', `Bearer ${token}`)
      }
      const cookie = ['Cookie', `token=${mine.token}`]
      expect(await seen(cookie, () => {})).toBe(401)
      expect(await seen(cookie, add)).toBe(mine.id)
      expect(await seen([...bearer(other.token), ...cookie], add)).toBe(mine.id)
      expect(await seen(bearer(mine.token), remove)).toBe(401)
      expect(await seen(['X-API-Key', mine.token], remove)).toBe(401)
      expect(await seen([...bearer(mine.token), ...bearer(mine.token)], remove)).toBe(401)
      expect(await seen([...bearer(mine.token), ...bearer(other.token)], () => {})).toBe(400)
      expect(await seen(bearer(mine.token), (headers) => headers.set('authorization', ''))).toBe(401)
    }
  })

  test('37 a body without length and content type is a body: 415, and no secret dies', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue(['*'])
    const { call, url } = await serve(mount({ latchkey }))
    const stored = await latchkey.get(id)
    const body = JSON.stringify({ previousSecretExpirationDate: 'now+1h' })
    const rotate = async (sent?: string) => {
      const headers = { Authorization: `Bearer ${token}`, 'Transfer-Encoding': 'chunked' }
      const outgoing = request(`${url}/tokens/${id}/rotate`, { method: 'POST', headers })
      outgoing.end(sent)
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
      answer.resume()
      return answer.statusCode
    }
    expect(await rotate(body)).toBe(415)
    expect(await latchkey.get(id)).toEqual(stored)
    expect((await call('GET', '/reports', token)).status).toBe(200)
    expect(await rotate()).toBe(200)
    expect((await call('GET', '/reports', token)).status).toBe(401)
  })

  test('43 a body that the host has read and left nothing of is not taken for none: no secret dies', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue(['*'])
    const { call } = await serve(mount({ latchkey, readsBody: true }))
    const stored = await latchkey.get(id)
    const body = { previousSecretExpirationDate: 'now+1h' }
    expect((await call('POST', `/tokens/${id}/rotate`, token, { body })).status).toBe(500)
    expect(await latchkey.get(id)).toEqual(stored)
    expect((await call('GET', '/reports', token)).status).toBe(200)
    // Whether a `Request` that was read had a body, nobody can tell.
    const isKnown = HOSTS.some(([host]) => host === name)
    expect((await call('POST', `/tokens/${id}/rotate`, token)).status).toBe(isKnown ? 200 : 415)
  })

  test('what X-API-Key lets in is private, unless the host has said otherwise before the guard', async () => {
    const { latchkey, issue } = setting()
    const { token } = await issue(['*'])
    for (const said of [undefined, 'private, max-age=60']) {
      const { call } = await serve(mount({ latchkey, cacheControl: said }))
      const { headers } = await call('GET', '/reports', undefined, { headers: ['X-API-Key', token] })
      expect(headers['cache-control']).toBe(said ?? 'private')
      expect((await call('GET', '/reports', token)).headers['cache-control']).toBe(said)
    }
  })
})

// core/fetch leaves it to the host how long a request may take.
describe.each(ALL_HOSTS.filter(([name]) => name !== 'core/fetch'))('on %s', (name, mount) => {
  test('36 what the host has answered is left alone: the next request of the connection gets its own answer', async () => {
    for (const path of ['/reports', '/twice', '/tokens', '/rendered']) {
      for (const kind of ['good', 'unknown'] as const) {
        const { latchkey, issue, hold } = setting()
        const reached: string[] = []
        const { call, connections } = await serve(
          mount({ latchkey, timeout: 30, reached: (what) => void reached.push(what) }),
        )
        const known = await issue(['*'])
        expect((await call('GET', '/reports', known.token)).status).toBe(200)
        const { id, token } = await issue(['*'])
        if (kind === 'unknown') await latchkey.delete(id)
        reached.length = 0
        const release = hold()
        expect((await call('GET', path, token)).status).toBe(503)
        release()
        await turns()
        const next = await call('GET', '/reports', known.token)
        expect([path, kind, next.status, next.json()]).toEqual([path, kind, 200, { id: known.id }])
        // On Hono a refusal may be rendered late: its answer is dropped.
        const late = name.startsWith('Hono') ? ['/rendered'] : []
        expect([path, reached.filter((what) => !late.includes(what))]).toEqual([path, ['/reports']])
        expect(connections()).toBe(1)
      }
    }
  })
})

describe.each(HOSTS)('on %s', (name, mount) => {
  test('30 a list of header lines that Node may have cut is refused: a repeated credential may stand behind its end', async () => {
    const { latchkey, issue } = setting()
    const { call, server } = await serve(mount({ latchkey }))
    const { token } = await issue(['*'])
    const lines = (count: number) => Array.from({ length: count }, () => ['a', '1']).flat()
    /** Node 20 cuts the list, and the guard refuses it. Newer ones refuse the request: 431, without our headers. */
    const isRefused = ({ status, headers }: Awaited<ReturnType<typeof call>>) =>
      status === 431 ||
      (status === 400 && headers['www-authenticate'] === 'Bearer realm="api", error="invalid_request"')
    for (const path of ['/reports', '/tokens']) {
      const ask = (count: number, more: readonly string[] = []) =>
        call('GET', path, token, { headers: [...lines(count), ...more] })
      expect((await ask(990)).status).toBe(200)
      expect((await ask(990, bearer(token))).status).toBe(400)
      for (const count of [1_000, 1_500]) {
        expect(await ask(count)).toSatisfy(isRefused)
        expect(await ask(count, bearer('acme.another'))).toSatisfy(isRefused)
      }
    }
    server.maxHeadersCount = 100
    for (const path of ['/reports', '/tokens']) {
      const ask = (count: number, more: readonly string[] = []) =>
        call('GET', path, token, { headers: [...lines(count), ...more, 'Connection', 'close'] })
      expect((await ask(90)).status).toBe(200)
      for (const count of [100, 200]) expect(await ask(count, bearer('acme.another'))).toSatisfy(isRefused)
    }
  })

  test('31 an address is its canonical text wherever it is kept, and what is no address is kept nowhere', async () => {
    const { latchkey, issue } = setting({ lastUsed: { flushInterval: 3_600_000 } })
    const { call } = await serve(mount({ latchkey, trustsProxy: true }))
    const verified = heard('latchkey:verified')
    const kept = async (...headers: string[]) => {
      const { id, token } = await issue(['*'])
      verified.length = 0
      for (const path of ['/reports', '/tokens/self'])
        expect((await call('GET', path, token, { headers })).status).toBe(200)
      await latchkey.flush()
      const stored = await latchkey.get(id)
      expect(stored?.lastUsedAt).toBeDefined()
      expect(verified.map(({ ip }) => ip)).toEqual([stored?.lastUsedIp, stored?.lastUsedIp])
      return stored?.lastUsedIp
    }
    const forwarded: readonly (readonly [sent: string, kept: string | undefined])[] = [
      ['203.0.113.7:51234', '203.0.113.7'],
      ['[2001:DB8:0:0::7]:443', '2001:db8::7'],
      ['::ffff:203.0.113.7', '203.0.113.7'],
      ['::FFFF:cb00:7107', '203.0.113.7'],
      ['<script>alert(1)</script>', undefined],
      ['unknown', undefined],
      ['203.0.113.7:http', undefined],
    ]
    for (const [sent, address] of forwarded)
      expect([sent, await kept('X-Forwarded-For', sent)]).toEqual([sent, address])
    expect(await kept()).toBe('127.0.0.1')
    const { token } = await issue(['reports.read'], ['203.0.113.0/24'])
    const from = async (address: string) =>
      (await call('GET', '/reports', token, { headers: ['X-Forwarded-For', address] })).status
    expect(await from('203.0.113.7:51234')).toBe(200)
    expect(await from('198.51.100.7:51234')).toBe(403)
  })

  test('31 no header stays alive with the address of a last use', async () => {
    const { latchkey, issue } = setting({ lastUsed: { flushInterval: 3_600_000 } })
    const { call } = await serve(mount({ latchkey, trustsProxy: true }))
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const heap = async () => {
      for (let i = 0; i < 3; i++) {
        await new Promise(setImmediate)
        collect()
      }
      return process.memoryUsage().heapUsed
    }
    const tokens = await Promise.all(Array.from({ length: 450 }, () => issue()))
    const use = async (used: typeof tokens) => {
      for (const [i, { token }] of used.entries()) {
        const headers = ['X-Forwarded-For', `${'x'.repeat(15_000)}, 2001:db8:1:2:3:4:5:${(i + 1).toString(16)}`]
        expect((await call('GET', '/reports', token, { headers })).status).toBe(200)
      }
    }
    await use(tokens.slice(0, 150))
    const before = await heap()
    await use(tokens.slice(150))
    // 300 headers of 15 KB are 4.5 MB.
    expect((await heap()) - before).toBeLessThan(1_500_000)
    expect(latchkey.stats()).toMatchObject({ pendingUses: 450 })
  })

  test('35 a request of a serverless platform has no raw headers, and is let in', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue(['*'])
    const handler = serverless(mount({ latchkey }) as Parameters<typeof serverless>[0])
    const invoke = async (httpMethod: string, path: string, headers: Record<string, string>, body?: object) => {
      const requestContext = { identity: { sourceIp: '203.0.113.7' } }
      const event = {
        httpMethod,
        path,
        headers,
        requestContext,
        body: body === undefined ? null : JSON.stringify(body),
      }
      const answer = (await handler(event, {})) as { readonly statusCode: number; readonly body: string }
      return { status: answer.statusCode, body: answer.body === '' ? undefined : JSON.parse(answer.body) }
    }
    const authorization = `Bearer ${token}`
    expect(await invoke('GET', '/reports', { authorization })).toEqual({ status: 200, body: { id } })
    expect(await invoke('GET', '/reports', { 'x-api-key': token })).toEqual({ status: 200, body: { id } })
    expect((await invoke('GET', '/reports', {})).status).toBe(401)
    const made = { name: 'made', scopes: ['reports.read'] }
    const created = await invoke('POST', '/tokens', { authorization, 'content-type': 'application/json' }, made)
    expect(created.status).toBe(201)
    expect((await invoke('POST', `/tokens/${created.body.id}/rotate`, { authorization })).status).toBe(200)
    expect((await invoke('POST', `/tokens/${created.body.id}/rotate`, { authorization }, {})).status).toBe(415)
  })

  test('36 an error that comes after the answer of the host does not break the connection', async () => {
    const { latchkey, issue } = setting()
    let fail = () => {}
    const authorize = () =>
      new Promise<undefined>((_resolve, reject) => {
        fail = () => reject(new Error('late'))
      })
    const { call, connections } = await serve(mount({ latchkey, timeout: 30, authorize }))
    const { id, token } = await issue()
    expect((await call('GET', '/tokens', token)).status).toBe(503)
    fail()
    await turns()
    expect((await call('GET', '/reports', token)).json()).toEqual({ id })
    expect(connections()).toBe(1)
  })

  test('37 media types are read by their grammar', async () => {
    const { latchkey, issue } = setting()
    const { token } = await issue(['*'])
    const { call } = await serve(mount({ latchkey }))
    const body = { name: 'n', scopes: ['reports.read'] }
    const post = async (type: string) =>
      (await call('POST', '/tokens', token, { body, headers: ['Content-Type', type] })).status
    for (const type of ['application/json;', 'Application/JSON ; charset=UTF-8', 'application/json; v="a;b"']) {
      expect([type, await post(type)]).toEqual([type, 201])
    }
    for (const type of ['application/jsonp', 'text/json', 'application/json; charset=latin1', 'json', '']) {
      expect([type, await post(type)]).toEqual([type, 415])
    }
  })

  test('35 a mock request without raw headers is judged', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue()
    const mock = MOCKS[name.split(' ')[0] as keyof typeof MOCKS]
    const judged = mock(latchkey)
    expect(await judged({ authorization: `Bearer ${token}` })).toBe(id)
    expect(await judged({})).toBe(401)
  })
})

type Judged = (headers: Record<string, string>) => Promise<string | number | undefined>

function mockOnExpress(latchkey: RequestPlan['latchkey']): Judged {
  const guard = latchkeyExpress(latchkey).requireToken({ scopes: ['reports.read'] })
  return async (headers) => {
    const [req, res] = [createRequest({ headers }), createResponse({ eventEmitter: EventEmitter })]
    delete (req as { rawHeaders?: unknown }).rawHeaders
    await new Promise<void>((resolve) => {
      res.once('end', resolve)
      guard(req as never, res as never, () => resolve())
    })
    return (req as { apiToken?: { id: string } }).apiToken?.id ?? res.statusCode
  }
}

function mockOnKoa(latchkey: RequestPlan['latchkey']): Judged {
  const guard = latchkeyKoa(latchkey).requireToken({ scopes: ['reports.read'] })
  return async (headers) => {
    const ctx = new Koa().createContext(createRequest({ headers }) as never, createResponse() as never)
    delete (ctx.req as { rawHeaders?: unknown }).rawHeaders
    await guard(ctx as never, async () => undefined)
    return ctx.state.apiToken?.id ?? ctx.status
  }
}

function mockOnFastify(latchkey: RequestPlan['latchkey']): Judged {
  const app = fastify()
  app.addHook('onRequest', async ({ raw }) => void delete (raw as { rawHeaders?: unknown }).rawHeaders)
  const onRequest = latchkeyFastify(latchkey).requireToken({ scopes: ['reports.read'] })
  app.get('/', { onRequest }, async (request) => request.apiToken?.id)
  return async (headers) => {
    const { statusCode, body } = await app.inject({ url: '/', headers })
    return statusCode === 200 ? body : statusCode
  }
}

const MOCKS = { Express: mockOnExpress, Fastify: mockOnFastify, Koa: mockOnKoa }

const OVER_HTTP2 = [...KOAS.map(([name]) => name), 'Fastify 5', 'Hono on @hono/node-server']

// Express 4 and 5 build on HTTP/1's requests and responses, and do not run on HTTP/2.
describe.each(ALL_HOSTS.filter(([name]) => OVER_HTTP2.includes(name)))('on %s over HTTP/2', (_name, mount) => {
  test('37 a body without length and content type is a body: 415, and no secret dies', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue(['*'])
    const server = createHttp2Server(mount({ latchkey }) as never)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(async () => {
      session.close()
      server.close()
      await once(server, 'close')
    })
    const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
      const stream = session.request({ ':method': method, ':path': path, authorization: `Bearer ${token}`, ...headers })
      stream.end(body)
      const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders]
      let text = ''
      for await (const part of stream.setEncoding('utf8')) text += part
      return { status: answer[':status'], text }
    }
    const rotate = `/tokens/${id}/rotate`
    const body = JSON.stringify({ previousSecretExpirationDate: 'now+1h' })
    const stored = await latchkey.get(id)
    expect((await send('POST', rotate, {}, body)).status).toBe(415)
    expect(await latchkey.get(id)).toEqual(stored)
    expect((await send('GET', '/reports')).status).toBe(200)
    const rotated = await send('POST', rotate, { 'content-type': 'application/json' }, body)
    expect([rotated.status, JSON.parse(rotated.text)]).toEqual([
      200,
      expect.objectContaining({ previousSecretExpirationDate: expect.any(String) }),
    ])
    expect((await send('POST', `${rotate}/cancel`)).status).toBe(403)
  })
})

/** Adapters that have given no warning yet: each is given once per process. */
async function freshAdapters() {
  vi.resetModules()
  const { createLatchkey, memoryStore } = await import('@latchkey/core')
  const [{ latchkeyExpress }, { latchkeyFastify }, { latchkeyKoa }] = [
    await import('@latchkey/express'),
    await import('@latchkey/fastify'),
    await import('@latchkey/koa'),
  ]
  const latchkey = createLatchkey({ store: memoryStore(), hasher: testHasher })
  const codes: unknown[] = []
  const listener = (warning: Error & { code?: string }) => void codes.push(warning.code)
  process.on('warning', listener)
  onTestFinished(async () => {
    process.off('warning', listener)
    await latchkey.close()
  })
  const networks = ['192.0.2.0/24', '2001:db8::/32']
  const { token } = await latchkey.create({ name: 'n', owner: 'alice', scopes: ['*'], networks })
  /** What a request of a bound token warns of. */
  async function warnings(listener: RequestListener, path: string, forwarded = '192.0.2.1') {
    const { call } = await serve(listener)
    await call('GET', path, token, { headers: ['X-Forwarded-For', forwarded] })
    await new Promise(setImmediate)
    return codes
  }
  return { latchkey, latchkeyExpress, latchkeyFastify, latchkeyKoa, warnings }
}

const FORGEABLE = ['LATCHKEY_FORGEABLE_ADDRESS']

const BELIEVES_ANYBODY: readonly unknown[] = [
  true,
  () => true,
  '0.0.0.0/1,128.0.0.0/1',
  '::/1',
  ['0.0.0.0/1', '::/1', '8000::/1', '128.0.0.0/1'],
]
const BELIEVES_PROXIES: readonly unknown[] = [
  false,
  'loopback',
  ['loopback', 'linklocal', 'uniquelocal'],
  1,
  2,
  '10.0.0.0/8',
  (address: string) => address === '127.0.0.1',
]

describe.each(EXPRESSES)('on %s', (_name, framework) => {
  test.each([
    ...[...BELIEVES_ANYBODY, 99].map((setting) => ({ setting, warned: FORGEABLE })),
    ...BELIEVES_PROXIES.map((setting) => ({ setting, warned: [] })),
  ])('32 whoever believes strangers is warned: $setting, $warned', async ({ setting, warned }) => {
    for (const path of ['/guarded', '/tokens']) {
      const { latchkey, latchkeyExpress, warnings } = await freshAdapters()
      const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
      const app = framework()
      app.set('trust proxy', setting)
      app.use('/tokens', tokenRoutes())
      app.get('/guarded', requireToken(), (_req, res) => void res.end())
      expect([path, await warnings(app, path)]).toEqual([path, warned])
    }
  })
})

describe('on Fastify 5', () => {
  test.each([
    ...BELIEVES_ANYBODY.map((setting) => ({ setting, warned: FORGEABLE })),
    // A number is believed by no recent Fastify: it cannot tell a proxy from a client.
    ...[...BELIEVES_PROXIES, 99].map((setting) => ({ setting, warned: [] })),
  ])('32 whoever believes strangers is warned: $setting, $warned', async ({ setting, warned }) => {
    for (const path of ['/guarded', '/tokens']) {
      const { latchkey, latchkeyFastify, warnings } = await freshAdapters()
      const { requireToken, tokenRoutes } = latchkeyFastify(latchkey)
      const app = fastify({ trustProxy: setting as boolean })
      app.register(tokenRoutes(), { prefix: '/tokens' })
      app.get('/guarded', { onRequest: requireToken() }, async () => 'ok')
      await app.ready()
      expect([path, await warnings(app.routing, path)]).toEqual([path, warned])
    }
  })
})

describe.each(KOAS)('on %s', (_name, Framework) => {
  const two = '192.0.2.1, 10.0.0.1'
  test.each([
    { options: { proxy: true }, forwarded: two, warned: FORGEABLE },
    { options: { proxy: true, maxIpsCount: 3 }, forwarded: two, warned: FORGEABLE },
    { options: { proxy: true, maxIpsCount: 2 }, forwarded: two, warned: [] },
    { options: { proxy: true, maxIpsCount: 1 }, forwarded: two, warned: [] },
    { options: {}, forwarded: two, warned: [] },
  ])('32 whoever believes strangers is warned: $options, $warned', async ({ options, forwarded, warned }) => {
    for (const path of ['/guarded', '/tokens']) {
      const { latchkey, latchkeyKoa, warnings } = await freshAdapters()
      const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)
      const app = new Framework(options).use(tokenRoutes({ path: '/tokens' })).use(requireToken())
      expect([path, await warnings(app.callback(), path, forwarded)]).toEqual([path, warned])
    }
  })
})
