import type { RequestListener } from 'node:http'
import { fastifyBearerAuth } from '@fastify/bearer-auth'
import { fastifyJwt } from '@fastify/jwt'
import { latchkeyFastify } from '@latchkey/fastify'
import { type FastifyInstance, fastify, type onRequestHookHandler } from 'fastify'
import { SCOPE } from '../harness/tokens.js'
import { bearer, type Framework } from './framework.js'

async function fastifyApp(guard: (app: FastifyInstance) => void = () => undefined): Promise<RequestListener> {
  const app = fastify()
  guard(app)
  app.get('/', async () => ({ ok: true }))
  await app.ready()
  return app.routing
}

export const onFastify: Framework = {
  bare: () => fastifyApp(),
  latchkey(latchkey) {
    const { plugin, requireToken } = latchkeyFastify(latchkey)
    return fastifyApp((app) => void app.register(plugin).addHook('onRequest', requireToken({ scopes: [SCOPE] })))
  },
  opaque: {
    name: 'bearer-auth',
    app: ({ token }) => fastifyApp((app) => void app.register(fastifyBearerAuth, { keys: [token] })),
  },
  jwt: (key) =>
    fastifyApp((app) => {
      app.register(fastifyJwt, { secret: key.export(), verify: { algorithms: ['HS256'] } })
      app.addHook('onRequest', async (request) => void (await request.jwtVerify()))
    }),
  checked: (check) =>
    fastifyApp((app) => {
      const hook: onRequestHookHandler = (request, reply, done) => {
        const settle = (good: boolean) => (good ? done() : void reply.code(401).send())
        const good = check(bearer(request.headers.authorization))
        if (typeof good === 'boolean') settle(good)
        else good.then(settle, done)
      }
      app.addHook('onRequest', hook)
    }),
}
