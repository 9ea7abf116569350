// What a strict host writes; copied to typed.mts and typed.cts where the ending decides.
import { type ConsoleOptions, tokenConsole } from '@latchkey/console'
import {
  type ApiToken,
  createLatchkey,
  hmacSha256,
  type Latchkey,
  memoryStore,
  RequestError,
  StoreError,
  type Verdict,
} from '@latchkey/core'
import { createGuard, type GuardOptions } from '@latchkey/core/adapter'
import { latchkeyFetch } from '@latchkey/core/fetch'
import { type EnvironmentStore, idTaken, type TokenStore } from '@latchkey/core/store'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyFastify } from '@latchkey/fastify'
import { latchkeyHono } from '@latchkey/hono'
import { nodePg, postgresStore } from '@latchkey/store-postgres'
import { ioredis, nodeRedis, redisStore } from '@latchkey/store-redis'
import express from 'express'
import { type FastifyInstance, fastify } from 'fastify'
import { Hono } from 'hono'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { createClient } from 'redis'

interface Settings {
  networks?: readonly string[]
  limit?: number
}

export function host(settings: Settings, store: TokenStore = memoryStore()): express.Express {
  const latchkey = createLatchkey({
    prefix: 'acme',
    store,
    hasher: hmacSha256({ keys: { k1: new Uint8Array(32).fill(7) }, current: 'k1' }),
    scopes: { 'reports.read': 'Read reports' },
    maxTokensPerOwner: settings.limit,
  })
  const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
  const app = express()
  app.use('/tokens', tokenRoutes({ dialect: undefined }))
  const page: ConsoleOptions = { title: undefined, theme: { accent: '#0b57d0', dark: undefined } }
  app.use('/keys', tokenRoutes({ dialect: 'latchkey', console: tokenConsole(page) }))
  app.get('/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => {
    const token: ApiToken | undefined = req.apiToken
    res.json(token?.owner)
  })
  // @ts-expect-error: a scope that is not declared
  app.get('/wrong', (req, res, next) => requireToken({ scopes: ['reports.write'] })(req, res, next))
  return app
}

export async function issue(latchkey: Latchkey, { networks }: Settings): Promise<Verdict> {
  const { token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['reports.read'], networks })
  // @ts-expect-error: the verdict is no text
  const wrong: string = await latchkey.verify(token)
  return latchkey.verify(token, { ip: undefined }) ?? wrong
}

export function door(latchkey: Latchkey<'reports.read'>): (request: Request) => Promise<Response> {
  const { requireToken, tokenRoutes } = latchkeyFetch(latchkey)
  const guard = requireToken({ scopes: ['reports.read'] })
  const routes = tokenRoutes({ dialect: 'latchkey' })
  // @ts-expect-error: a scope that is not declared
  requireToken({ scopes: ['reports.write'] })
  return async (request) => {
    const managed = await routes(request, { ip: undefined, mount: '/tokens' })
    if (managed !== undefined) return managed
    const { token, response } = await guard(request, { ip: undefined })
    return response ?? Response.json({ readBy: token.owner })
  }
}

export function onFastify(latchkey: Latchkey<'reports.read'>): FastifyInstance {
  const { plugin, requireToken, tokenRoutes } = latchkeyFastify(latchkey, { property: undefined })
  const app = fastify()
  app.register(plugin)
  app.register(tokenRoutes({ dialect: undefined }), { prefix: '/tokens' })
  app.get('/reports', { onRequest: requireToken({ scopes: ['reports.read'] }) }, async (request) => {
    const token: ApiToken | undefined = request.apiToken
    return { owner: token?.owner }
  })
  // @ts-expect-error: a scope that is not declared
  requireToken({ scopes: ['reports.write'] })
  return app
}

export function onHono(latchkey: Latchkey<'reports.read'>): Hono {
  const { requireToken, tokenRoutes } = latchkeyHono(latchkey, { ip: () => undefined, onDenied: undefined })
  const app = new Hono()
  app.route('/tokens', tokenRoutes({ dialect: undefined }))
  app.get('/reports', requireToken({ scopes: ['reports.read'] }), (c) => c.json({ owner: c.get('apiToken').owner }))
  // @ts-expect-error: a scope that is not declared
  requireToken({ scopes: ['reports.write'] })
  return app
}

export const stores: readonly (() => TokenStore)[] = [
  () => postgresStore({ client: nodePg(new Pool()), schema: undefined }),
  () => redisStore({ client: ioredis(new Redis()), prefix: undefined }),
  () => redisStore({ client: nodeRedis(createClient()) }),
]

export const options: GuardOptions = { scopes: undefined }
export const guard = createGuard(options)
export const codes = (error: unknown) =>
  error instanceof StoreError || error instanceof RequestError ? error.code : ''
export const insert: EnvironmentStore['insert'] = async ({ id }) => {
  throw idTaken(id)
}

host({})
issue(
  createLatchkey({ store: memoryStore(), hasher: hmacSha256({ keys: { k: new Uint8Array(32) }, current: 'k' }) }),
  {},
)
  .then((verdict) => console.log(verdict.ok ? 'ok' : 'refused'))
  .catch((error: unknown) => console.log(error))
