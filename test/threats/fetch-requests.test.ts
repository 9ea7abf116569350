// What only hosts that speak fetch must be shown to keep; see requests.test.ts for what every host keeps.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FETCH_HOSTS } from './fetch-hosts.js'
import { type HeaderEditor, serve, setting, turns } from './request-hosts.js'

const bearer = (token: string) => ['Authorization', `Bearer ${token}`]

describe.each(FETCH_HOSTS)('on %s', (name, mount) => {
  const isNode = name.includes('node-server')

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

  test('34 a token that the host takes from a cookie is bound as a sign-in is', async () => {
    const { latchkey, issue } = setting()
    const { id, token } = await issue(['*'])
    const edit = (headers: HeaderEditor) => {
      const [, taken] = /(?:^|; )token=([^;]*)/.exec(headers.get('Cookie') ?? '') ?? []
      if (taken !== undefined) headers.set('Authorization', `Bearer ${taken}`)
    }
    const { call } = await serve(mount({ latchkey, edit }))
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

/** A page of 1,500 of these does not fit into the buffers of a connection. */
const LARGE = { text: 'x'.repeat(3_000) }
