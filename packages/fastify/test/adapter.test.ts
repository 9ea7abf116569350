import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createLatchkey, type Latchkey, memoryStore, type TokenStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { latchkeyFastify } from '../src/index.js'

function instance(store: TokenStore = memoryStore()): Latchkey {
  const latchkey = createLatchkey({ store, hasher: testHasher, cache: { max: 100 } })
  onTestFinished(() => latchkey.close())
  return latchkey
}

const wanted = { name: 'n', owner: 'alice', scopes: ['a'] }

/** The status and the body of a GET with this token. */
async function get(app: FastifyInstance, url: string, token?: string, headers: Record<string, string> = {}) {
  const credential = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const { statusCode, body } = await app.inject({ url, headers: { ...credential, ...headers } })
  return [statusCode, body]
}

test('a guard with an option that it does not know is not made: it might let every valid token in', () => {
  const { requireToken } = latchkeyFastify(createLatchkey({ store: memoryStore() }))
  const misspelt: object = { scope: ['reports.read'] }
  expect(() => requireToken(misspelt)).toThrow('requireToken.scope is not an option')
  expect(() => requireToken({ scopes: ['reports.read'], onDenied: () => undefined })).not.toThrow()
})

test('an adapter with an option that it does not know, or cannot use, is not made', () => {
  const latchkey = createLatchkey({ store: memoryStore() })
  const cases: [object, string][] = [
    [{ onDeny: () => undefined }, 'latchkeyFastify.onDeny is not an option. There are: property, onDenied, errors'],
    [{ onDenied: 401 }, 'latchkeyFastify.onDenied must be a function, not 401'],
    [{ errors: 'github' }, `latchkeyFastify.errors must be 'problem', 'dynatrace' or 'panther', not "github"`],
    [{ property: 'a.b' }, 'latchkeyFastify.property must be a name such as apiToken, not "a.b"'],
    [{ property: 'body' }, 'latchkeyFastify.property must not be body, which every request of Fastify has already'],
  ]
  for (const [options, message] of cases) {
    const make = () => latchkeyFastify(latchkey, options)
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION', message }))
  }
})

test('routes with an option that they do not know, or cannot use, are not made', () => {
  const { tokenRoutes } = latchkeyFastify(createLatchkey({ store: memoryStore() }))
  const cases: [object, unknown][] = [
    [{ dialects: 'panther' }, expect.stringContaining('tokenRoutes.dialects is not an option')],
    [{ dialect: 'github' }, `tokenRoutes.dialect must be 'latchkey', 'dynatrace' or 'panther', not "github"`],
    [{ dialect: 'toString' }, `tokenRoutes.dialect must be 'latchkey', 'dynatrace' or 'panther', not "toString"`],
    [{ sessionOnly: true }, expect.stringContaining('tokenRoutes.sessionOnly needs the option authorize')],
    [{ authorize: true }, 'tokenRoutes.authorize must be a function, not true'],
  ]
  for (const [options, message] of cases) {
    const make = () => tokenRoutes(options as Parameters<typeof tokenRoutes>[0])
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION', message }))
  }
})

test('every member that Fastify gives a request is refused as the property', async () => {
  const latchkey = instance()
  const app = fastify()
  const members = new Set<string>()
  app.get('/', async (request) => {
    const { constructor: _, ...own } = Object.getOwnPropertyDescriptors(request)
    for (const name of Object.keys(own)) members.add(name)
    let prototype: object | null = Object.getPrototypeOf(request)
    for (; prototype !== Object.prototype && prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
      for (const name of Object.getOwnPropertyNames(prototype)) if (name !== 'constructor') members.add(name)
    }
  })
  await app.inject('/')
  expect(members.size).toBeGreaterThan(20)
  for (const property of members)
    expect([property, () => latchkeyFastify(latchkey, { property })]).toEqual([
      property,
      expect.toSatisfy(throwsOption),
    ])
})

const throwsOption = (make: () => unknown): boolean => {
  try {
    make()
  } catch (error) {
    return (error as { code?: unknown }).code === 'ERR_OPTION'
  }
  return false
}

test('the plugin declares the property for the app and all below it, once, beside another adapter', async () => {
  const latchkey = instance()
  const adapters = [
    latchkeyFastify(latchkey),
    latchkeyFastify(latchkey),
    latchkeyFastify(latchkey, { property: 'key' }),
  ]
  const app = fastify()
  for (const { plugin } of adapters) app.register(plugin)
  app.register(async (scope) => {
    scope.get('/below', async (request) => ({ ...request, raw: undefined, log: undefined }))
  })
  app.get('/', async (request) => [Object.hasOwn(request, 'apiToken'), request.getDecorator('key') ?? 'none'])
  await app.ready()
  expect([app.hasRequestDecorator('apiToken'), app.hasRequestDecorator('key')]).toEqual([true, true])
  expect(await get(app, '/')).toEqual([200, '[true,"none"]'])
})

test('guards work without the plugin, in a scope of its own, and in every hook before the handler', async () => {
  const latchkey = instance()
  const { id, token } = await latchkey.create(wanted)
  const { requireToken } = latchkeyFastify(latchkey)
  const app = fastify()
  app.register(async (scope) => {
    scope.addHook('onRequest', requireToken())
    scope.get('/scoped', async (request) => request.apiToken?.id)
  })
  app.get('/open', async (request) => request.apiToken?.id ?? 'nobody')
  for (const hook of ['onRequest', 'preValidation', 'preHandler']) {
    app.get(`/${hook}`, { [hook]: requireToken() }, async (request) => request.apiToken?.id)
  }
  for (const url of ['/scoped', '/onRequest', '/preValidation', '/preHandler']) {
    expect([url, ...(await get(app, url, token))]).toEqual([url, 200, id])
    expect((await get(app, url))[0]).toBe(401)
  }
  expect(await get(app, '/open', token)).toEqual([200, 'nobody'])
})

test('what the routes leave goes to the handlers of the host: not found, errors, and preflights', async () => {
  const latchkey = instance()
  const { token } = await latchkey.create({ ...wanted, scopes: ['*'] })
  const failed: unknown[] = []
  const { tokenRoutes } = latchkeyFastify(latchkey)
  const failing = tokenRoutes({ authorize: () => Promise.reject(new Error('no sign-in')) })
  const app = fastify()
  app.setNotFoundHandler((request, reply) => reply.code(404).send(`nothing at ${request.url}`))
  app.setErrorHandler((error, _request, reply) => {
    failed.push(error)
    return reply.code(500).send('failed')
  })
  app.options('*', async (_request, reply) => reply.code(204).send())
  app.addHook('onSend', async (_request, reply) => void reply.header('x-host', 'yes'))
  app.register(tokenRoutes(), { prefix: '/tokens' })
  app.register(failing, { prefix: '/failing' })
  expect(await get(app, '/tokens/a/b', token)).toEqual([404, 'nothing at /tokens/a/b'])
  expect((await app.inject({ method: 'OPTIONS', url: '/tokens' })).statusCode).toBe(204)
  expect(await get(app, '/failing', token)).toEqual([500, 'failed'])
  expect(failed).toEqual([new Error('no sign-in')])
  const listed = await app.inject({ url: '/tokens', headers: { authorization: `Bearer ${token}` } })
  expect([listed.statusCode, listed.headers['x-host']]).toEqual([200, 'yes'])
})

test('the routes see what the hooks of the host did before them, also with a body', async () => {
  const latchkey = instance()
  const { tokenRoutes } = latchkeyFastify(latchkey)
  const app = fastify()
  app.decorateRequest('person')
  app.addHook('preHandler', async (request) => void Object.assign(request, { person: request.headers['x-person'] }))
  const authorize = (request: object) => {
    const owner: unknown = Reflect.get(request, 'person')
    return typeof owner === 'string' ? { owner, scopes: ['*'] } : undefined
  }
  app.register(tokenRoutes({ authorize, sessionOnly: true }), { prefix: '/:tenant/tokens' })
  const payload = { name: 'made', scopes: ['a'] }
  const post = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/a%20b/tokens', headers, payload })
  expect((await post({})).statusCode).toBe(401)
  const made = await post({ 'x-person': 'ada' })
  expect([made.statusCode, made.headers.location]).toEqual([201, `/a%20b/tokens/${made.json().id}`])
})

test('no content type makes the routes run before the hooks of the host', async () => {
  const latchkey = instance()
  const [{ token }, { id }] = [await latchkey.create({ ...wanted, scopes: ['*'] }), await latchkey.create(wanted)]
  const types: unknown[] = []
  const app = fastify()
  app.addHook('preHandler', async ({ headers }, reply) => {
    types.push(headers['content-type'])
    if (headers['x-inside'] === undefined) return reply.code(403).send('outside')
  })
  app.register(latchkeyFastify(latchkey).tokenRoutes({ dialect: 'latchkey' }), { prefix: '/tokens' })
  const drop = async (type: string, more: Record<string, string> = {}) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': type, ...more }
    const { statusCode } = await app.inject({ method: 'DELETE', url: `/tokens/${id}`, headers, payload: 'x' })
    return statusCode
  }
  const sent = ['json', '', 'text/plain;', 'application/json']
  for (const type of sent) expect([type, await drop(type)]).toEqual([type, 403])
  expect(types).toEqual(sent)
  expect((await latchkey.get(id))?.id).toBe(id)
  expect(await drop('json', { 'x-inside': 'yes' })).toBe(204)
})

test.each<FastifyServerOptions>([
  {},
  { routerOptions: { ignoreTrailingSlash: true } },
  { routerOptions: { ignoreDuplicateSlashes: true } },
  { routerOptions: { caseSensitive: false } },
])('the mount is found whatever the router ignores: %j', async (options) => {
  const latchkey = instance()
  const { id, token } = await latchkey.create({ ...wanted, scopes: ['*'] })
  const app = fastify(options)
  app.register(latchkeyFastify(latchkey).tokenRoutes(), { prefix: '/api/tokens' })
  const ignored = options.routerOptions ?? {}
  const paths = [
    '/api/tokens/self',
    `/api/tokens/${id}/`,
    ...(ignored.ignoreDuplicateSlashes ? ['//api//tokens/self'] : []),
  ]
  for (const path of [...paths, ...(ignored.caseSensitive === false ? ['/API/Tokens/self'] : [])]) {
    const [status, body] = await get(app, path, token)
    expect([path, status, JSON.parse(String(body)).id]).toEqual([path, 200, id])
  }
})

test('`trustProxy` that believes anybody and a restricted token warn once; other settings and tokens do not', async () => {
  const latchkey = instance()
  const open = await latchkey.create(wanted)
  const restricted = await latchkey.create({ ...wanted, networks: ['192.0.2.0/24'] })
  const { requireToken } = latchkeyFastify(latchkey)
  const on = (trustProxy: string | boolean) => {
    const app = fastify({ trustProxy })
    app.get('/', { onRequest: requireToken() }, async () => 'ok')
    return ({ token }: { token: string }) => get(app, '/', token, { 'x-forwarded-for': '192.0.2.1' })
  }
  const [careful, careless] = [on('127.0.0.1'), on(true)]
  const warnings: Error[] = []
  const listener = (warning: Error) => void warnings.push(warning)
  process.on('warning', listener)
  onTestFinished(() => void process.off('warning', listener))
  expect(await careful(restricted)).toEqual([200, 'ok'])
  expect(await careless(open)).toEqual([200, 'ok'])
  expect(warnings).toEqual([])
  expect(await careless(restricted)).toEqual([200, 'ok'])
  expect(await careless(restricted)).toEqual([200, 'ok'])
  await new Promise(setImmediate)
  expect(warnings).toEqual([expect.objectContaining({ code: 'LATCHKEY_FORGEABLE_ADDRESS' })])
})

test('what onDenied throws after it has answered is dropped, for guards and routes', async () => {
  const latchkey = instance()
  // Of the right form: its refusal takes a look into the store.
  const unknown = await latchkey.create(wanted)
  await latchkey.delete(unknown.id)
  const failed: unknown[] = []
  const { requireToken, tokenRoutes } = latchkeyFastify(latchkey, {
    onDenied(_denied, _request, reply) {
      reply.code(418).send()
      throw new Error('too late')
    },
  })
  const app = fastify()
  app.setErrorHandler((error, _request, reply) => {
    failed.push(error)
    return reply.code(500).send()
  })
  app.register(tokenRoutes(), { prefix: '/tokens' })
  app.get('/', { onRequest: requireToken() }, async () => 'let in')
  for (const url of ['/', '/tokens']) {
    for (const token of [undefined, unknown.token]) expect(await get(app, url, token)).toEqual([418, ''])
  }
  expect(failed).toEqual([])
})

test('an answer that the host has taken over while the store was asked is left alone', async () => {
  let release: () => void = () => undefined
  const store = memoryStore()
  const held: TokenStore = {
    ...store,
    async open(environment) {
      const opened = await store.open(environment)
      const find: typeof opened.find = (id) =>
        new Promise<void>((go) => {
          release = go
        }).then(() => opened.find(id))
      return { ...opened, find }
    },
  }
  const latchkey = instance(held)
  const { token } = await latchkey.create(wanted)
  const { requireToken, tokenRoutes } = latchkeyFastify(latchkey)
  const app = fastify()
  app.addHook('onRequest', (_request, reply, done) => {
    setImmediate(() => {
      reply.hijack()
      reply.raw.writeHead(200, { 'x-answered': 'by the host' })
      release()
      setImmediate(() => setImmediate(() => reply.raw.end('whole')))
    })
    done()
  })
  app.register(tokenRoutes(), { prefix: '/tokens' })
  app.get('/', { onRequest: requireToken() }, async () => expect.unreachable())
  for (const url of ['/', '/tokens']) {
    const reply = await app.inject({ url, headers: { authorization: `Bearer ${token}` } })
    expect([reply.statusCode, reply.headers['x-answered'], reply.body]).toEqual([200, 'by the host', 'whole'])
  }
})

test('a body that ends too early changes nothing, and the server lives on', async () => {
  const latchkey = instance()
  const { token } = await latchkey.create({ ...wanted, scopes: ['*'] })
  const answered: string[] = []
  const app = fastify()
  app.register(latchkeyFastify(latchkey).tokenRoutes(), { prefix: '/tokens' })
  app.addHook('onResponse', async ({ url }) => void answered.push(url))
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => app.close())
  const { port } = app.server.address() as AddressInfo
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': 100 }
  const cut = request({ port, host: '127.0.0.1', method: 'POST', path: '/tokens', headers }).on(
    'error',
    () => undefined,
  )
  cut.write('{"name":"made","scopes":["a"]')
  const [arrived] = await once(app.server, 'request')
  cut.destroy()
  await new Promise((resolve) => arrived.on('error', () => undefined).once('close', resolve))
  expect(await get(app, '/tokens/self', token)).toEqual([200, expect.stringContaining('"name":"n"')])
  expect((await latchkey.list()).tokens).toHaveLength(1)
})

test('an app that speaks HTTP/2 guards, and lists a page that is longer than a window', async () => {
  const latchkey = instance()
  const { id, token } = await latchkey.create({ ...wanted, scopes: ['*'] })
  for (let i = 0; i < 1_000; i++) await latchkey.create({ ...wanted, metadata: { text: 'x'.repeat(200) } })
  const { plugin, requireToken, tokenRoutes } = latchkeyFastify(latchkey)
  const app = fastify({ http2: true })
  app.register(plugin)
  app.register(tokenRoutes({ dialect: 'latchkey' }), { prefix: '/tokens' })
  app.get('/', { onRequest: requireToken() }, async (request) => request.apiToken?.id)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const session = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    session.destroy()
    await app.close()
  })
  const ask = async (path: string, headers: Record<string, string> = { authorization: `Bearer ${token}` }) => {
    const stream = session.request({ ':path': path, ...headers })
    const [answer] = await once(stream, 'response')
    let text = ''
    for await (const part of stream.setEncoding('utf8')) text += part
    return [answer[':status'], text] as const
  }
  expect(await ask('/')).toEqual([200, id])
  expect((await ask('/', {}))[0]).toBe(401)
  const [status, page] = await ask('/tokens?limit=1000')
  expect([status, page.length > 200_000, JSON.parse(page).tokens.length]).toEqual([200, true, 1_000])
})
