import { describe, expect, test } from 'vitest'
import { latchkeyFetch } from '../../src/fetch.js'
import { testInstance } from '../support/instance.js'

type Init = NonNullable<ConstructorParameters<typeof Request>[1]>
type HeadersInit = NonNullable<Init['headers']>
type BodyInit = NonNullable<Init['body']>

const URL = 'http://host/reports'
const ip = '192.0.2.7'

function scene() {
  const { latchkey } = testInstance()
  const create = (input: object = {}) =>
    latchkey.create({ name: 'n', owner: 'ada', scopes: ['reports.read'], ...input })
  return { latchkey, create, ...latchkeyFetch(latchkey) }
}

const asked = (headers: HeadersInit) => new Request(URL, { headers })
const bearer = ({ token }: { readonly token: string }) => ({ Authorization: `Bearer ${token}` })

describe('what is wrong with options is told when they are given', () => {
  const { latchkey } = testInstance()

  test.each<[string, object, string]>([
    ['a misspelt name', { onDeny: () => {} }, 'latchkeyFetch.onDeny is not an option. There are: onDenied, errors'],
    [
      'a property, which a request has no place for',
      { property: 'key' },
      'latchkeyFetch.property is not an option. There are: onDenied, errors',
    ],
    ['a handler that is none', { onDenied: 401 }, 'latchkeyFetch.onDenied must be a function, not 401'],
  ])('%s', (_, options, message) => {
    expect(() => latchkeyFetch(latchkey, options)).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message }))
  })

  test('of guards and of routes', () => {
    const { requireToken, tokenRoutes } = latchkeyFetch(latchkey)
    const misspelt: object = { scope: ['a'], path: '/tokens' }
    expect(() => requireToken(misspelt)).toThrow('requireToken.scope is not an option')
    expect(() => tokenRoutes(misspelt)).toThrow('tokenRoutes.scope is not an option')
    expect(() => latchkeyFetch({} as typeof latchkey)).toThrow(TypeError)
  })

  test('a mount that no request can have is told at its first request', async () => {
    const routes = latchkeyFetch(latchkey).tokenRoutes()
    for (const mount of ['/tokens/', 'tokens', '/a b', '/a?b']) {
      await expect(routes(asked({}), { ip, mount })).rejects.toThrow('tokenRoutes.mount ')
    }
    expect(await routes(asked({}), { ip, mount: '/tokens' })).toBeUndefined()
  })
})

describe('repeated credentials, which a Headers object joins', () => {
  const tokens = () => scene().create()

  test.each<[string, (token: string) => [string, string][]]>([
    [
      'two bearer tokens',
      (token) => [
        ['Authorization', `Bearer ${token}`],
        ['Authorization', `Bearer ${token}`],
      ],
    ],
    [
      'another scheme first',
      (token) => [
        ['Authorization', 'Basic YTpi'],
        ['Authorization', `Bearer ${token}`],
      ],
    ],
    [
      'another scheme last',
      (token) => [
        ['Authorization', `Bearer ${token}`],
        ['Authorization', 'Basic YTpi'],
      ],
    ],
    [
      'parameters first',
      (token) => [
        ['Authorization', 'Digest a="b", c=d'],
        ['Authorization', `Bearer ${token}`],
      ],
    ],
    [
      'parameters last',
      (token) => [
        ['Authorization', `Bearer ${token}`],
        ['Authorization', 'Digest a="b"'],
      ],
    ],
    [
      'a quote that does not end',
      (token) => [
        ['Authorization', 'Digest a="b'],
        ['Authorization', `Bearer ${token}`],
      ],
    ],
    [
      'an empty one',
      (token) => [
        ['Authorization', ''],
        ['Authorization', `Bearer ${token}`],
      ],
    ],
    [
      'two keys',
      (token) => [
        ['X-API-Key', token],
        ['X-API-Key', token],
      ],
    ],
    [
      'a key and an empty one',
      (token) => [
        ['X-API-Key', token],
        ['X-API-Key', ''],
      ],
    ],
  ])('refused: %s', async (_, headers) => {
    const { create, requireToken } = scene()
    const { token } = await create()
    const { response } = await requireToken()(asked(headers(token)), { ip })
    expect(response?.status).toBe(400)
    expect(await response?.json()).toMatchObject({ code: 'ERR_CREDENTIALS', detail: /sent more than once/ })
  })

  test('one credential of another scheme has commas, and may stand beside a key', async () => {
    const { create, requireToken } = scene()
    const { id, token } = await create()
    for (const other of [
      'Digest username="a, b", realm="c\\"d", qop=auth',
      'Basic YTpi',
      'Signature keyId = "x" ,a=b',
    ]) {
      const { token: found } = await requireToken()(asked({ Authorization: other, 'X-API-Key': token }), { ip })
      expect([other, found?.id]).toEqual([other, id])
    }
  })

  test('where raw headers are there, they decide', async () => {
    const { create, requireToken } = scene()
    const { token } = await create()
    const once = { ip, incoming: { rawHeaders: ['x-api-key', `${token},${token}`] } }
    const comma = await requireToken()(asked({ 'X-API-Key': `${token},${token}` }), once)
    expect(comma.response?.status).toBe(401)
    const twice = { ip, incoming: { rawHeaders: ['x-api-key', token, 'x-api-key', token] } }
    expect((await requireToken()(asked({ 'X-API-Key': token }), twice)).response?.status).toBe(400)
    const cut = { ip, incoming: { rawHeaders: Array(2_000).fill('a') } }
    expect((await requireToken()(asked({ 'X-API-Key': token }), cut)).response?.status).toBe(400)
    const elsewhere = { ip, incoming: { rawHeaders: [] } }
    const joined = await requireToken()(asked({ 'X-API-Key': `${token}, ${token}` }), elsewhere)
    expect(joined.response?.status).toBe(400)
  })

  test('a megabyte of commas is read in linear time', async () => {
    const { requireToken } = scene()
    const junk = ['Digest a="b", '.repeat(70_000), `Digest ${'a = b ,'.repeat(140_000)}`, `X ${'='.repeat(1_000_000)},`]
    const begin = performance.now()
    for (const value of junk) {
      expect((await requireToken()(asked({ Authorization: value }), { ip })).response?.status).toBe(400)
    }
    expect(performance.now() - begin).toBeLessThan(1_000)
    expect((await tokens()).token).toBeTypeOf('string')
  })
})

describe('a guard', () => {
  test('an onDenied that returns no Response lets nobody in', async () => {
    const { latchkey } = testInstance()
    for (const nothing of [undefined, null, 'no', 403, {}]) {
      const onDenied = () => nothing as unknown as Response
      const guard = latchkeyFetch(latchkey, { onDenied }).requireToken()
      await expect(guard(asked({}), { ip })).rejects.toThrow('onDenied must return a Response')
    }
  })

  test('the address is read only where it is needed, and at most once', async () => {
    const { create, requireToken } = scene()
    let reads = 0
    const client = {
      get ip() {
        reads++
        return ip
      },
    }
    await requireToken()(asked({}), client)
    expect(reads).toBeLessThan(2)
    reads = 0
    const { token } = await requireToken()(asked(bearer(await create({ networks: ['192.0.2.0/24'] }))), client)
    expect([token?.owner, reads]).toEqual(['ada', 1])
  })

  test('a second guard of a request does not verify again, a guard of another request does', async () => {
    const { latchkey, create, requireToken } = scene()
    const headers = bearer(await create())
    const request = asked(headers)
    for (const each of [request, request, asked(headers)]) await requireToken()(each, { ip })
    expect(latchkey.stats().verified).toBe(2)
  })
})

describe('the routes', () => {
  const send = (path: string, body: BodyInit | null, headers: HeadersInit) =>
    new Request(`http://host/tokens${path}`, { method: 'POST', body, headers, duplex: 'half' })
  const JSON_TYPE = { 'Content-Type': 'application/json' }
  const CREATED = { name: 'made', scopes: ['reports.read'] }

  async function admin() {
    const { create, latchkey, tokenRoutes } = scene()
    const { id, token } = await create({ scopes: ['*'] })
    const routes = tokenRoutes({ dialect: 'latchkey' })
    return { id, token, latchkey, routes, headers: { ...bearer({ token }), ...JSON_TYPE } }
  }

  test('a body that the host has read counts as it was read, and is an error where nothing is left of it', async () => {
    const { id, latchkey, routes, headers } = await admin()
    const stored = await latchkey.get(id)
    const read = async (left: (text: string) => unknown) => {
      const request = send('/self/rotate', '{"previousExpiresAt":"soon"}', headers)
      const body = left(await request.text())
      return (await routes(request, { ip, mount: '/tokens', body }))?.status
    }
    expect(await read((text) => text)).toBe(400)
    expect(await read((text) => Buffer.from(text))).toBe(400)
    expect(await read((text) => JSON.parse(text))).toBe(400)
    await expect(read(() => undefined)).rejects.toThrow('left no result')
    const locked = send('/self/rotate', '{"previousExpiresAt":"soon"}', headers)
    locked.body?.getReader()
    await expect(routes(locked, { ip, mount: '/tokens' })).rejects.toThrow('left no result')
    const emptied = send('/self/rotate', '', { ...headers, 'Content-Length': '29' })
    await expect(routes(emptied, { ip, mount: '/tokens' })).rejects.toThrow('left no result')
    expect(await latchkey.get(id)).toEqual(stored)
  })

  test('a body without content type is a body, and an empty stream is none', async () => {
    const { latchkey, id, routes, token } = await admin()
    const stored = await latchkey.get(id)
    const stream = (...parts: string[]) => ReadableStream.from(parts.map((part) => Buffer.from(part)))
    const rotate = async (body: BodyInit | null) =>
      (await routes(send('/self/rotate', body, bearer({ token })), { ip, mount: '/tokens' }))?.status
    expect(await rotate(stream('{"previousExpiresAt":', '"now+1h"}'))).toBe(415)
    expect(await latchkey.get(id)).toEqual(stored)
    expect(await rotate(stream())).toBe(200)
  })

  test('of a body that is too large, no more is read than shows it, and it is not cancelled', async () => {
    const { routes, headers } = await admin()
    let [read, isCancelled] = [0, false]
    const endless = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          read += 10_000
          controller.enqueue(new Uint8Array(10_000))
        },
        cancel() {
          isCancelled = true
        },
      },
      { highWaterMark: 0 },
    )
    const response = await routes(send('', endless, headers), { ip, mount: '/tokens' })
    expect([response?.status, isCancelled]).toEqual([413, false])
    expect(read).toBeLessThan(100_000)
  })

  test('a body that breaks off changes nothing', async () => {
    const { latchkey, routes, headers } = await admin()
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from(JSON.stringify(CREATED).slice(0, 10)))
        controller.error(new Error('the client is gone'))
      },
    })
    const response = await routes(send('', broken, headers), { ip, mount: '/tokens' })
    expect(response?.status).toBe(400)
    expect((await latchkey.list()).totalCount).toBe(1)
  })

  test('Location follows what the client sent, where a router has rewritten the URL', async () => {
    const { routes, headers } = await admin()
    for (const [url, mount] of [
      [undefined, '/tokens'],
      ['/api/v2/tokens?x=1', '/api/v2/tokens'],
      ['http://other/api/tokens', '/api/tokens'],
    ] as const) {
      const request = send('', JSON.stringify(CREATED), headers)
      const response = await routes(request, { ip, mount: '/tokens', incoming: { url } })
      const location = response?.headers.get('location')
      expect([url, location?.replace(/\/[^/]+$/, '')]).toEqual([url, mount])
    }
  })

  test('a client that is gone is not waited for', async () => {
    const { routes, token } = await admin()
    const request = new Request('http://host/tokens', { headers: bearer({ token }), signal: AbortSignal.abort() })
    const response = await routes(request, { ip, mount: '/tokens' })
    expect([response?.status, await response?.json()]).toEqual([
      503,
      expect.objectContaining({ detail: 'The client is gone. Try again later.' }),
    ])
  })
})
