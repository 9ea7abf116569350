import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import { type Context, Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { latchkeyHono } from '../src/index.js'

const ip = () => '192.0.2.7'
const OPTION_ERROR = { name: 'TypeError', code: 'ERR_OPTION' }

async function scene() {
  const latchkey = createLatchkey({ store: memoryStore(), hasher: testHasher })
  onTestFinished(() => latchkey.close())
  const issued = await latchkey.create({ name: 'n', owner: 'alice', scopes: ['*'] })
  const errors: unknown[] = []
  const app = new Hono()
  app.onError((error, c) => {
    errors.push(error)
    return c.text('failed', 500)
  })
  const headers = { Authorization: `Bearer ${issued.token}` }
  const key = { 'X-API-Key': issued.token }
  return { app, errors, headers, key, latchkey, issued, ...latchkeyHono(latchkey, { ip }) }
}

test('an adapter with an option that it does not know, or cannot use, is not made', () => {
  const latchkey = createLatchkey({ store: memoryStore() })
  const known = 'There are: ip, property, onDenied, errors'
  const cases: [object | undefined, string][] = [
    [{ ip, onDeny: () => undefined }, `latchkeyHono.onDeny is not an option. ${known}`],
    [{ ip, onDenied: 401 }, 'latchkeyHono.onDenied must be a function, not 401'],
    [{ ip, property: 'a.b' }, 'latchkeyHono.property must be a name such as apiToken, not "a.b"'],
    [{}, 'latchkeyHono.ip must be a function such as (c) => getConnInfo(c).remote.address'],
    [undefined, 'latchkeyHono.ip must be a function such as (c) => getConnInfo(c).remote.address'],
    [{ ip: '192.0.2.7' }, 'latchkeyHono.ip must be a function such as (c) => getConnInfo(c).remote.address'],
  ]
  for (const [options, message] of cases) {
    const make = () => latchkeyHono(latchkey, options as { ip: typeof ip })
    expect(make).toThrow(expect.objectContaining({ ...OPTION_ERROR, message }))
  }
})

test('guards and routes with an option that they do not know are not made', () => {
  const { requireToken, tokenRoutes } = latchkeyHono(createLatchkey({ store: memoryStore() }), { ip })
  const misspelt: object = { scope: ['reports.read'], path: '/tokens' }
  expect(() => requireToken(misspelt)).toThrow('requireToken.scope is not an option')
  expect(() => tokenRoutes(misspelt)).toThrow('tokenRoutes.scope is not an option')
})

describe('the routes', () => {
  const created = { method: 'POST', body: JSON.stringify({ name: 'made', scopes: ['a'] }) }

  test.each([
    ['at a path', '/tokens', (app: Hono, routes: () => never) => app.route('/tokens', routes())],
    ['at the root', '', (app: Hono, routes: () => never) => app.route('/', routes())],
    ['below a parameter', '/p/a%20b/tokens', (app: Hono, routes: () => never) => app.route('/p/:id/tokens', routes())],
    [
      'below a base path',
      '/api/v2/tokens',
      (app: Hono, routes: () => never) => app.basePath('/api').route('/v2/tokens', routes()),
    ],
    [
      'in a router within a router',
      '/api/v2/tokens',
      (app: Hono, routes: () => never) =>
        app.route('/api', new Hono().route('/v2', new Hono().route('/tokens', routes()))),
    ],
  ])('are where Location says: %s', async (_, mount, place) => {
    const { app, headers, tokenRoutes } = await scene()
    place(app, () => tokenRoutes({ dialect: 'latchkey' }) as never)
    const type = { 'Content-Type': 'application/json' }
    const response = await app.request(mount === '' ? '/' : mount, { ...created, headers: { ...headers, ...type } })
    expect(response.status).toBe(201)
    const location = response.headers.get('location') ?? ''
    expect(location).toMatch(new RegExp(`^${mount}/lk\\.[A-Z2-7]{24}$`))
    for (const path of [location, `${location}/`, `${mount}/self`]) {
      expect([path, (await app.request(path, { headers })).status]).toEqual([path, 200])
    }
    const described = (await (await app.request(`${mount}/openapi.json`)).json()) as { paths: object }
    expect(Object.keys(described.paths)).toContain(`${mount}/{id}`)
  })

  test('in an app within an app, Location follows what came over the wire', async () => {
    const { app, headers, tokenRoutes } = await scene()
    const sub = new Hono().route('/tokens', tokenRoutes({ dialect: 'latchkey' }))
    app.mount('/sub', sub.fetch)
    const init = { ...created, headers: { ...headers, 'Content-Type': 'application/json' } }
    const env = { incoming: { url: '/sub/tokens' } }
    const response = await app.request('/sub/tokens', init, env)
    expect(response.headers.get('location')).toMatch(/^\/sub\/tokens\//)
  })

  test('with other notions of a path than those of Hono', async () => {
    const { headers, tokenRoutes } = await scene()
    const byHost = new Hono({ getPath: ({ url }) => url.replace(/^https?:\//, '').replace(/\?.*$/, '') })
    byHost.route('/localhost/tokens', tokenRoutes())
    expect((await byHost.request('/tokens/self', { headers })).status).toBe(200)
    const lenient = new Hono({ strict: false })
    lenient.route('/tokens', tokenRoutes())
    for (const path of ['/tokens', '/tokens/', '/tokens/self', '/tokens/self/']) {
      expect([path, (await lenient.request(path, { headers })).status]).toEqual([path, 200])
    }
  })

  test('at a path that would hide those below, they are an error that says what to write', async () => {
    const { app, errors, headers, tokenRoutes } = await scene()
    for (const path of ['/optional/:id?', '/pattern/:id{.+}', '/any/*/tokens']) app.route(path, tokenRoutes())
    for (const path of ['/optional/x', '/pattern/x/y', '/any/x/tokens/y']) {
      expect([path, (await app.request(path, { headers })).status]).toEqual([path, 500])
    }
    const message = expect.stringContaining("must be mounted as app.route('/tokens', tokenRoutes()), not at /")
    expect(errors).toEqual(Array(3).fill(expect.objectContaining({ ...OPTION_ERROR, message })))
  })
})

test('what X-API-Key lets in is private, however the handler answers', async () => {
  const { app, headers, key, requireToken } = await scene()
  app.use(requireToken())
  app.get('/json', (c) => c.json({}))
  app.get('/raw', () => new Response('raw'))
  app.get('/own', () => new Response('own', { headers: { 'Cache-Control': 'public' } }))
  app.get('/set', (c) => c.text('set', 200, { 'Cache-Control': 'public' }))
  app.get('/fails', () => {
    throw new Error('it failed')
  })
  const cacheControl = async (path: string, sent: Record<string, string>) =>
    (await app.request(path, { headers: sent })).headers.get('cache-control')
  for (const path of ['/json', '/raw', '/fails', '/nowhere']) {
    expect([path, await cacheControl(path, key)]).toEqual([path, 'private'])
    expect([path, await cacheControl(path, headers)]).toEqual([path, null])
  }
  for (const path of ['/own', '/set']) expect([path, await cacheControl(path, key)]).toEqual([path, 'public'])
})

test('an onDenied that returns nothing lets nobody in', async () => {
  const { app, errors, requireToken } = await scene()
  app.get('/', requireToken({ onDenied: () => undefined as unknown as Response }), (c) => c.text('let in'))
  expect((await app.request('/')).status).toBe(500)
  expect(errors).toEqual([expect.objectContaining(OPTION_ERROR)])
})

test('a body that a middleware has read by Hono is used, whatever it read it as', async () => {
  const { app, headers, latchkey, tokenRoutes } = await scene()
  const reads = ['json', 'text', 'arrayBuffer', 'blob'] as const
  for (const read of reads) {
    app.use(`/${read}/*`, async (c, next) => {
      await c.req[read]()
      await next()
    })
    app.route(`/${read}`, tokenRoutes({ dialect: 'latchkey' }))
  }
  for (const read of reads) {
    const init = { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' } }
    const body = JSON.stringify({ name: read, scopes: ['a'] })
    expect([read, (await app.request(`/${read}`, { ...init, body })).status]).toEqual([read, 201])
    expect([read, (await app.request(`/${read}`, { ...init, body: '{}' })).status]).toEqual([read, 400])
  }
  const { tokens } = await latchkey.list()
  expect(new Set(tokens.map(({ name }) => name))).toEqual(new Set(['n', 'json', 'text', 'arrayBuffer', 'blob']))
})

test('an address that the host cannot tell is an error of the host, and lets nobody in', async () => {
  const { latchkey, headers } = await scene()
  const failing = (c: Context) => c.env.incoming.socket.remoteAddress
  const { requireToken } = latchkeyHono(latchkey, { ip: failing })
  const app = new Hono().onError((error, c) => c.text(error.name, 500))
  app.get('/', requireToken(), (c) => c.text('let in'))
  expect((await app.request('/', { headers })).status).toBe(500)
})
