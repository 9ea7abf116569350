// What requests.test.ts shows of Express and Koa, on hosts that speak fetch.
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server, type IncomingHttpHeaders } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FETCH_HOSTS } from './fetch-hosts.js'
import { serve, setting, TTL } from './request-hosts.js'

const bearer = (token: string) => ['Authorization', `Bearer ${token}`]
const turns = async () => {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate)
}

describe.each(FETCH_HOSTS)('on %s', (name, mount) => {
  const isNode = name.includes('node-server')

  test('27 an admission is as old as cache.ttl at most: then a second guard judges again', async () => {
    const { latchkey, clock, issue } = setting()
    let between = async () => {}
    const { call } = await serve(mount({ latchkey, between: () => between() }))
    for (const [age, status] of [
      [TTL - 1, 200],
      [TTL, 401],
    ] as const) {
      const { id, token } = await issue()
      between = async () => {
        await latchkey.delete(id)
        clock.at += age
      }
      expect([age, (await call('POST', '/twice', token)).status]).toEqual([age, status])
    }
  })

  test('30 a repeated credential is refused, wherever it stands', async () => {
    const { latchkey, issue } = setting()
    const { call } = await serve(mount({ latchkey }))
    const { token } = await issue(['*'])
    const lines = Array.from({ length: 900 }, () => ['a', '1']).flat()
    for (const path of ['/reports', '/tokens']) {
      const ask = (...headers: string[]) => call('GET', path, token, { headers })
      expect((await ask(...lines)).status).toBe(200)
      expect((await ask(...lines, ...bearer('acme.another'))).status).toBe(400)
      expect((await ask('Authorization', 'Basic YTpi')).status).toBe(400)
      expect((await ask('X-API-Key', token)).status).toBe(400)
      // Node 20 cuts such a list, and Node's own request shows it. Newer ones refuse it themselves: 431.
      const cut = await ask(...lines, ...lines, ...bearer('acme.another'))
      if (isNode) expect([400, 431]).toContain(cut.status)
    }
  })

  test('31 an address is its canonical text, of a proxy that is believed and of nobody else', async () => {
    const { latchkey, issue } = setting()
    for (const trustsProxy of [true, false]) {
      const { call } = await serve(mount({ latchkey, trustsProxy }))
      const { token } = await issue(['*'], ['203.0.113.0/24'])
      for (const path of ['/reports', '/tokens/self']) {
        const from = async (address: string) =>
          (await call('GET', path, token, { headers: ['X-Forwarded-For', address] })).status
        for (const inside of ['203.0.113.7', '::ffff:203.0.113.7', '198.51.100.7, 203.0.113.9']) {
          expect([path, inside, await from(inside)]).toEqual([path, inside, trustsProxy ? 200 : 403])
        }
        for (const outside of ['198.51.100.7', '203.0.113.9, 198.51.100.7', 'unknown', '']) {
          expect([path, outside, await from(outside)]).toEqual([path, outside, 403])
        }
      }
    }
  })

  test('31 an IPv4 client of a dual-stack socket has an IPv4 address', async () => {
    const { latchkey, issue } = setting()
    const { call } = await serve(mount({ latchkey }), '::')
    const { id, token } = await issue(['*'], ['127.0.0.0/8'])
    expect((await call('GET', '/reports', token)).status).toBe(200)
    await latchkey.flush()
    expect((await latchkey.get(id))?.lastUsedIp).toBe('127.0.0.1')
    expect((await call('GET', '/tokens/self', token)).json()).toMatchObject({ lastUsedIpAddress: '127.0.0.1' })
  })

  test('35 what a middleware does to the credential is obeyed, in guards and in routes', async () => {
    const { latchkey, issue } = setting()
    const [mine, other] = [await issue(['*']), await issue(['*'])]
    let change = (_headers: Headers) => {}
    const before = (sent: Request) => {
      const headers = new Headers(sent.headers)
      change(headers)
      return new Request(sent, { headers })
    }
    const { call } = await serve(mount({ latchkey, before }))
    for (const path of ['/reports', '/twice', '/tokens/self']) {
      const seen = async (headers: readonly string[], edit: typeof change) => {
        change = edit
        const reply = await call('GET', path, undefined, { headers })
        return reply.status === 200 ? reply.json<{ id: string }>().id : reply.status
      }
      const remove = (headers: Headers) => {
        headers.delete('Authorization')
        headers.delete('X-API-Key')
      }
      const add = (headers: Headers) => {
        const token = /token=([^;]+)/.exec(headers.get('Cookie') ?? '')?.[1]
        headers.set('Authorization', `Bearer ${token}`)
      }
      const cookie = ['Cookie', `token=${mine.token}`]
      expect(await seen(cookie, () => {})).toBe(401)
      expect(await seen(cookie, add)).toBe(mine.id)
      expect(await seen([...bearer(other.token), ...cookie], add)).toBe(mine.id)
      expect(await seen(bearer(mine.token), remove)).toBe(401)
      expect(await seen(['X-API-Key', mine.token], remove)).toBe(401)
      expect(await seen([...bearer(mine.token), ...bearer(mine.token)], remove)).toBe(401)
      expect(await seen([...bearer(mine.token), ...bearer(other.token)], () => {})).toBe(400)
      expect(await seen(bearer(mine.token), (headers) => headers.set('Authorization', ''))).toBe(401)
    }
  })

  test('34 a token that the host takes from a cookie is bound as a sign-in is', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue(['*'])
    const before = (sent: Request) => {
      const headers = new Headers(sent.headers)
      const [, taken] = /(?:^|; )token=([^;]*)/.exec(headers.get('Cookie') ?? '') ?? []
      if (taken !== undefined) headers.set('Authorization', `Bearer ${taken}`)
      return new Request(sent, { headers })
    }
    const { call } = await serve(mount({ latchkey, before }))
    const stored = await latchkey.get(id)
    const cookie = ['Cookie', `theme=dark; token=${token}`]
    for (const site of [
      ['Sec-Fetch-Site', 'cross-site'],
      ['Origin', 'https://evil.example'],
    ]) {
      expect((await call('POST', '/tokens/self/rotate', undefined, { headers: [...cookie, ...site] })).status).toBe(403)
    }
    expect(await latchkey.get(id)).toEqual(stored)
    const headers = ['Sec-Fetch-Site', 'cross-site']
    expect((await call('PUT', `/tokens/${id}`, token, { headers, body: { name: 'x' } })).status).toBe(204)
    const own = { headers: [...cookie, 'Sec-Fetch-Site', 'same-origin'] }
    expect((await call('POST', '/tokens/self/rotate', undefined, own)).status).toBe(200)
  })

  test('37 a body without length and content type is a body: 415, and no secret dies', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue(['*'])
    const { call, url } = await serve(mount({ latchkey }))
    const stored = await latchkey.get(id)
    const rotate = async (sent?: string) => {
      const headers = { Authorization: `Bearer ${token}`, 'Transfer-Encoding': 'chunked' }
      const outgoing = request(`${url}/tokens/${id}/rotate`, { method: 'POST', headers })
      outgoing.end(sent)
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
      answer.resume()
      return answer.statusCode
    }
    expect(await rotate(JSON.stringify({ previousSecretExpirationDate: 'now+1h' }))).toBe(415)
    expect(await latchkey.get(id)).toEqual(stored)
    expect((await call('GET', '/reports', token)).status).toBe(200)
    expect(await rotate()).toBe(200)
    expect((await call('GET', '/reports', token)).status).toBe(401)
  })

  test('37 a body that breaks off changes nothing, and the host goes on', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue(['*'])
    const { call, url, server } = await serve(mount({ latchkey }))
    const stored = await latchkey.get(id)
    for (const framing of ['Content-Length: 60', 'Transfer-Encoding: chunked']) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      const head = `POST /tokens/${id}/rotate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`
      socket.write(`${head}Content-Type: application/json\r\n${framing}\r\n\r\n`)
      const [incoming] = (await once(server, 'request')) as [IncomingMessage]
      socket.write(framing.startsWith('C') ? '{"previousSecret' : '10\r\n{"previousSecret\r\n')
      await turns()
      const gone = new Promise((resolve) => incoming.once('close', resolve).once('error', resolve))
      socket.destroy()
      await gone
      await turns()
      expect(await latchkey.get(id)).toEqual(stored)
    }
    expect((await call('GET', '/reports', token)).json()).toEqual({ id })
  })

  test('43 a body that the host has read and left nothing of is not taken for none: no secret dies', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue(['*'])
    const before = async (sent: Request) => {
      await sent.text()
      return sent
    }
    const { call } = await serve(mount({ latchkey, before }))
    const stored = await latchkey.get(id)
    const body = { previousSecretExpirationDate: 'now+1h' }
    expect((await call('POST', `/tokens/${id}/rotate`, token, { body })).status).toBe(500)
    expect(await latchkey.get(id)).toEqual(stored)
    expect((await call('GET', '/reports', token)).status).toBe(200)
  })

  test('what X-API-Key lets in is private, unless the host says otherwise', async () => {
    const { latchkey, issue } = setting()
    const { call } = await serve(mount({ latchkey }))
    const { token } = await issue(['*'])
    const { headers } = await call('GET', '/reports', undefined, { headers: ['X-API-Key', token] })
    expect(headers['cache-control']).toBe('private')
    expect((await call('GET', '/reports', token)).headers['cache-control']).toBeUndefined()
  })

  test('24 pages that nobody reads are given up, and the list of a neighbour goes on', async () => {
    const latchkey = createLatchkey({ store: memoryStore(), hasher: testHasher, cache: { max: 100 } })
    const scopes = ['apiTokens.read']
    for (let i = 0; i < 1_500; i++) await latchkey.create({ name: `n${i}`, owner: 'ada', scopes, metadata: LARGE })
    const attacker = await latchkey.create({ name: 'attacker', owner: 'mallory', scopes })
    const neighbour = await latchkey.create({ name: 'neighbour', owner: 'nora', scopes })
    const { call, server, url } = await serve(mount({ latchkey }))
    onTestFinished(() => latchkey.close())
    const line = `GET /tokens?pageSize=10000&fields=%2BadditionalMetadata HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${attacker.token}\r\n\r\n`
    const ask = () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      socket.on('error', () => undefined).write(line)
      return socket.pause()
    }
    const sockets = Array.from({ length: 40 }, ask)
    for (let arrived = 0; arrived < sockets.length; arrived++) await once(server, 'request')
    const beside = await call('GET', '/tokens?pageSize=100', neighbour.token)
    expect([beside.status, beside.json<{ apiTokens: unknown[] }>().apiTokens.length]).toEqual([200, 100])
    for (const socket of sockets) socket.destroy()
    // The place of a page that nobody reads is free again once its client has left.
    const own = await call('GET', '/tokens?pageSize=10000', attacker.token)
    expect(own.status).toBe(200)
  })
})

describe.each(FETCH_HOSTS.filter(([name]) => name.startsWith('Hono')))('on %s', (_name, mount) => {
  test('36 what the host has answered is left alone: a late verdict calls nothing', async () => {
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
        // A refusal may be rendered late: its answer is dropped.
        expect([path, reached.filter((what) => what !== '/rendered')]).toEqual([path, ['/reports']])
        expect(connections()).toBe(1)
      }
    }
  })
})

/** A page of 1,500 of these does not fit into the buffers of a connection. */
const LARGE = { text: 'x'.repeat(3_000) }

test('37 on @hono/node-server over HTTP/2 a body without length and content type is a body', async () => {
  const { latchkey, issue } = setting()
  const { id, token } = await issue(['*'])
  const [, mount] = FETCH_HOSTS[0] ?? []
  if (mount === undefined) throw new Error('no host')
  const server = createHttp2Server(mount({ latchkey }) as never)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    session.close()
    server.close()
    await once(server, 'close')
  })
  const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
    const stream = session.request({ ':method': method, ':path': path, authorization: `Bearer ${token}`, ...headers })
    stream.end(body)
    const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    for await (const _ of stream);
    return answer[':status']
  }
  const rotate = `/tokens/${id}/rotate`
  const body = JSON.stringify({ previousSecretExpirationDate: 'now+1h' })
  const stored = await latchkey.get(id)
  expect(await send('POST', rotate, {}, body)).toBe(415)
  expect(await latchkey.get(id)).toEqual(stored)
  expect(await send('GET', '/reports')).toBe(200)
  expect(await send('POST', rotate, { 'content-type': 'application/json' }, body)).toBe(200)
  expect(await send('GET', '/reports')).toBe(200)
})
