// Below any router and in any host, routes are where they say they are; what cannot work says what to write instead.
import type { RequestListener } from 'node:http'
import Router from '@koa/router'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyFastify } from '@latchkey/fastify'
import { latchkeyKoa } from '@latchkey/koa'
import connect from 'connect'
import type { ErrorRequestHandler } from 'express'
import { type FastifyPluginAsync, fastify } from 'fastify'
import mount from 'koa-mount'
import polka from 'polka'
import { describe, expect, test } from 'vitest'
import { EXPRESSES, KOAS, type Setting, serve, setting } from './request-hosts.js'

/** Creates a token below `at`, and follows what its `Location` and `openapi.json` say. */
async function follow({ issue }: Setting, listener: RequestListener, at: string): Promise<void> {
  const { call } = await serve(listener)
  const { token } = await issue(['*'])
  const body = { name: 'made', scopes: ['reports.read'] }
  const created = await call('POST', at, token, { body })
  expect([at, created.status]).toEqual([at, 201])
  const { id } = created.json<{ id: string }>()
  expect(created.headers.location).toBe(`${at}/${id}`)
  const shown = await call('GET', String(created.headers.location), token)
  expect([shown.status, shown.json<{ id: string }>().id]).toEqual([200, id])
  const { paths } = (await call('GET', `${at}/openapi.json`)).json<{ readonly paths: object }>()
  const found = Object.keys(paths).find((path) => path.endsWith('/{id}')) ?? ''
  expect((await call('GET', found.replace('{id}', id), token)).status).toBe(200)
}

describe.each(EXPRESSES)('on %s', (_name, framework) => {
  test('in routers within routers and in apps within apps', async () => {
    const host = setting()
    const { tokenRoutes } = latchkeyExpress(host.latchkey)
    const [outer, inner] = [framework.Router(), framework.Router()]
    inner.use('/apiTokens', tokenRoutes())
    outer.use('/v2', inner)
    const sub = framework().use('/apiTokens', tokenRoutes())
    const app = framework().use('/api', outer).use('/sub/:name', sub).use(tokenRoutes())
    await follow(host, app, '/api/v2/apiTokens')
    await follow(host, app, '/sub/one%20two/apiTokens')
  })

  test('as the handler of a route, which strips no path, it is an error that says what to write', async () => {
    const { latchkey, issue } = setting()
    const { token } = await issue(['*'])
    const { tokenRoutes } = latchkeyExpress(latchkey)
    const problems: unknown[] = []
    const app = framework()
    for (const path of [/^\/tokens/, /^\/others/]) app.all(path, tokenRoutes())
    const onError: ErrorRequestHandler = (error, _req, res, _next) => {
      problems.push(error)
      res.sendStatus(500)
    }
    app.use(onError)
    const { call } = await serve(app)
    for (const path of ['/tokens', '/tokens/self', '/others/self'])
      expect((await call('GET', path, token)).status).toBe(500)
    const message = expect.stringContaining('app.use(path, tokenRoutes())')
    expect(problems).toEqual(Array(3).fill(expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION', message })))
  })
})

describe.each(KOAS)('on %s', (_name, Framework) => {
  test('in mounts within mounts', async () => {
    const host = setting()
    const { tokenRoutes } = latchkeyKoa(host.latchkey)
    const sub = new Framework().use(tokenRoutes({ path: '/apiTokens' }))
    const app = new Framework()
      .use(mount('/api', mount('/v2', sub)))
      .use(mount('/stripped', tokenRoutes({ path: '' })))
      .use(tokenRoutes({ path: '/a%20b' }))
    await follow(host, app.callback(), '/api/v2/apiTokens')
    await follow(host, app.callback(), '/stripped')
    await follow(host, app.callback(), '/a%20b')
  })

  test('a path that no request can have is refused when the routes are made', () => {
    const { tokenRoutes } = latchkeyKoa(setting().latchkey)
    for (const path of ['/a b', '/\u00fc', '/a/../b', '/tokens/', 'tokens', '/tokens?x']) {
      expect([path, attempt(() => tokenRoutes({ path }))]).toEqual([path, OPTION_ERROR])
    }
  })

  test('@koa/router calls the routes with router.all, and refuses them in router.use', async () => {
    const host = setting()
    const { requireToken, tokenRoutes } = latchkeyKoa(host.latchkey)
    const router = new Router()
    const routes = tokenRoutes({ path: '/apiTokens' })
    expect(attempt(() => router.use(routes as never))).toEqual(OPTION_ERROR)
    expect(attempt(() => router.use('/apiTokens', routes as never))).toEqual(OPTION_ERROR)
    router.all('/apiTokens{/*rest}', routes as never)
    router.use(requireToken() as never)
    router.get('/guarded', (ctx) => {
      ctx.body = { id: ctx.state.apiToken.id }
    })
    const app = new Framework().use(router.routes() as never)
    await follow(host, app.callback(), '/apiTokens')
    const { call } = await serve(app.callback())
    const { id, token } = await host.issue()
    expect((await call('GET', '/guarded', token)).json()).toEqual({ id })
    expect((await call('GET', '/guarded')).status).toBe(401)
  })
})

describe('on Fastify 5', () => {
  test('in plugins within plugins, below parameters, and at the root', async () => {
    const host = setting()
    const { tokenRoutes } = latchkeyFastify(host.latchkey)
    const inner: FastifyPluginAsync = async (scope) => void scope.register(tokenRoutes(), { prefix: '/apiTokens' })
    const outer: FastifyPluginAsync = async (scope) => void scope.register(inner, { prefix: '/v2/' })
    const app = fastify({ rewriteUrl: ({ url = '' }) => url.replace('/old/', '/sub/') })
    app.register(outer, { prefix: '/api' })
    app.register(tokenRoutes(), { prefix: '/sub/:name/apiTokens' })
    app.register(tokenRoutes())
    await app.ready()
    for (const at of ['/api/v2/apiTokens', '/sub/one%20two/apiTokens', '/old/one/apiTokens', '']) {
      await follow(host, app.routing, at)
    }
  })
})

/** Hosts that take middlewares of Express and are none: they have no `req.app`, `req.ip` and `trust proxy`. */
const OTHERS: readonly (readonly [name: string, host: (setting: Setting) => RequestListener])[] = [
  [
    'connect',
    ({ latchkey }) => {
      const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
      const app = connect()
      app.use('/tokens', tokenRoutes() as never)
      app.use(requireToken({ scopes: ['reports.read'] }) as never)
      return app.use((req, res) => res.end(JSON.stringify({ id: Reflect.get(req, 'apiToken')?.id })))
    },
  ],
  [
    'polka',
    ({ latchkey }) => {
      const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
      const app = polka().use('/tokens', tokenRoutes() as never)
      const seen = (req: object, res: { end(text: string): void }) =>
        res.end(JSON.stringify({ id: Reflect.get(req, 'apiToken')?.id }))
      app.get('/reports', requireToken({ scopes: ['reports.read'] }) as never, seen as never)
      return (req, res) => void app.handler(req as never, res)
    },
  ],
]

describe.each(OTHERS)('on %s', (_name, listener) => {
  test('guards and routes work, and a bound token is judged by the address of the connection', async () => {
    const host = setting()
    await follow(host, listener(host), '/tokens')
    const { call } = await serve(listener(host))
    const [inside, outside] = [await host.issue(['*'], ['127.0.0.0/8']), await host.issue(['*'], ['192.0.2.0/24'])]
    const headers = ['X-Forwarded-For', '192.0.2.1']
    expect((await call('GET', '/reports', inside.token, { headers })).json()).toEqual({ id: inside.id })
    for (const path of ['/reports', '/tokens/self']) {
      expect((await call('GET', path, inside.token, { headers })).status).toBe(200)
      expect((await call('GET', path, outside.token, { headers })).status).toBe(403)
      expect((await call('GET', path)).status).toBe(401)
    }
  })
})

test('what cannot work is a TypeError when it is made', async () => {
  const latchkey = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
  const undeclared: string[] = ['reports.write']
  type AnyAdapter = (latchkey: unknown) => { readonly requireToken: (options: object) => unknown }
  for (const adapter of [latchkeyExpress, latchkeyFastify, latchkeyKoa] as unknown as readonly AnyAdapter[]) {
    for (const nothing of [undefined, null, {}, 'latchkey', { ...latchkey }]) {
      expect(attempt(() => adapter(nothing))).toEqual(OPTION_ERROR)
    }
    const { requireToken } = adapter(latchkey)
    expect(attempt(() => requireToken({ scopes: undeclared }))).toEqual(OPTION_ERROR)
  }
  await latchkey.close()
})

const OPTION_ERROR = expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION' })

/** What the function throws. */
function attempt(make: () => unknown): unknown {
  try {
    make()
  } catch (error) {
    return error
  }
  return undefined
}
