// A host for the proofs: it runs within a test, and as a process of its own (see node.mjs). Plain JavaScript, so that Node
// runs it as it is.
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyFastify } from '@latchkey/fastify'
import { latchkeyKoa } from '@latchkey/koa'
import express from 'express'
import { fastify } from 'fastify'
import Koa from 'koa'

/**
 * The frameworks' own requests have it.
 * @typedef {{ readonly headers: import('node:http').IncomingHttpHeaders }} HostRequest
 *
 * `scopes`: each is a route `/<scope>` that needs it, default `reports.read`. There are also `/any` (a token) and `/open`.
 * `trustProxy`: `loopback` believes this machine's proxy, `true` whoever sends the header; default `false`.
 * `tokenInCookie`: the host makes the cookie `token` a bearer token, default `false`.
 * `routes`: of the management routes, which are at `/tokens`, at `/secret-in-path` (which takes a whole token there) and, in
 * the Panther dialect, at `/panther`, in our own at `/latchkey`.
 * @typedef {{
 *   readonly scopes?: readonly string[],
 *   readonly trustProxy?: boolean | 'loopback',
 *   readonly tokenInCookie?: boolean,
 *   readonly routes?: Omit<import('@latchkey/core/adapter').RoutesOptions<HostRequest>, 'dialect' | 'secretInPath'>,
 * }} HostOptions
 */

/**
 * Answers of guarded routes hold the token that the handler saw: `{"token": …}`, `null` for none.
 * @param {'express' | 'fastify' | 'koa'} framework
 * @param {import('@latchkey/core').Latchkey | ((request: HostRequest) => import('@latchkey/core').Latchkey)} latchkey
 * @param {HostOptions} [options]
 * @returns {import('node:http').RequestListener}
 */
export function hostListener(framework, latchkey, options = {}) {
  const plan = { scopes: ['reports.read'], trustProxy: false, routes: {}, ...options }
  const listener = { express: onExpress, fastify: onFastify, koa: onKoa }[framework](latchkey, plan)
  return options.tokenInCookie ? withCookie(listener) : listener
}

function withCookie(listener) {
  return (request, response) => {
    const [, token] = /(?:^|; )token=([^;]*)/.exec(request.headers.cookie ?? '') ?? []
    if (token !== undefined) request.headers.authorization = `Bearer ${token}`
    listener(request, response)
  }
}

function onExpress(latchkey, { scopes, trustProxy, routes }) {
  const app = express()
  app.set('trust proxy', trustProxy)
  app.disable('x-powered-by')
  const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
  const seen = (req, res) => void res.json({ token: req.apiToken ?? null })
  app.use('/tokens', tokenRoutes(routes))
  app.use('/secret-in-path', tokenRoutes({ ...routes, secretInPath: true }))
  app.use('/panther', tokenRoutes({ ...routes, dialect: 'panther' }))
  app.use('/latchkey', tokenRoutes({ ...routes, dialect: 'latchkey' }))
  for (const scope of scopes) app.all(`/${scope}`, requireToken({ scopes: [scope] }), seen)
  app.all('/any', requireToken(), seen)
  app.all('/open', seen)
  app.use((_error, _req, res, _next) => res.sendStatus(500))
  return app
}

function onFastify(latchkey, { scopes, trustProxy, routes }) {
  const app = fastify({ trustProxy })
  app.setErrorHandler((_error, _request, reply) => reply.code(500).send())
  const { plugin, requireToken, tokenRoutes } = latchkeyFastify(latchkey)
  const seen = async (request) => ({ token: request.apiToken ?? null })
  app.register(plugin)
  app.register(tokenRoutes(routes), { prefix: '/tokens' })
  app.register(tokenRoutes({ ...routes, secretInPath: true }), { prefix: '/secret-in-path' })
  app.register(tokenRoutes({ ...routes, dialect: 'panther' }), { prefix: '/panther' })
  app.register(tokenRoutes({ ...routes, dialect: 'latchkey' }), { prefix: '/latchkey' })
  for (const scope of scopes) app.all(`/${scope}`, { onRequest: requireToken({ scopes: [scope] }) }, seen)
  app.all('/any', { onRequest: requireToken() }, seen)
  app.all('/open', seen)
  const ready = app.ready()
  return (request, response) => void ready.then(() => app.routing(request, response))
}

function onKoa(latchkey, { scopes, trustProxy, routes }) {
  const app = new Koa({ proxy: trustProxy !== false, maxIpsCount: trustProxy === true ? 0 : 1 })
  app.on('error', () => undefined)
  const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)
  const at = (path, guard) => (ctx, next) => {
    const seen = () => {
      ctx.body = { token: ctx.state.apiToken ?? null }
    }
    return ctx.path === path ? guard(ctx, seen) : next()
  }
  app.use(tokenRoutes({ ...routes, path: '/tokens' }))
  app.use(tokenRoutes({ ...routes, path: '/secret-in-path', secretInPath: true }))
  app.use(tokenRoutes({ ...routes, path: '/panther', dialect: 'panther' }))
  app.use(tokenRoutes({ ...routes, path: '/latchkey', dialect: 'latchkey' }))
  for (const scope of scopes) app.use(at(`/${scope}`, requireToken({ scopes: [scope] })))
  app.use(at('/any', requireToken()))
  app.use(at('/open', (_ctx, next) => next()))
  return app.callback()
}
