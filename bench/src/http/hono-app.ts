import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { latchkeyHono } from '@latchkey/hono'
import { Hono, type MiddlewareHandler } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { jwt } from 'hono/jwt'
import { SCOPE } from '../harness/tokens.js'
import { bearer, type Framework } from './framework.js'

function honoApp(guard?: MiddlewareHandler): RequestListener {
  const app = new Hono()
  if (guard !== undefined) app.use(guard)
  app.get('/', (c) => c.json({ ok: true }))
  return getRequestListener(app.fetch)
}

export const onHono: Framework = {
  bare: () => honoApp(),
  latchkey(latchkey) {
    const { requireToken } = latchkeyHono(latchkey, { ip: (c) => getConnInfo(c).remote.address })
    return honoApp(requireToken({ scopes: [SCOPE] }))
  },
  opaque: { name: 'bearer-auth', app: ({ token }) => honoApp(bearerAuth({ token })) },
  async jwt(key) {
    // With a text it would make a key of it for every request.
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const secret = await crypto.subtle.importKey('raw', key.export(), algorithm, false, ['verify'])
    return honoApp(jwt({ secret, alg: 'HS256' }))
  },
  checked: (check) =>
    honoApp(async (c, next) => {
      const good = check(bearer(c.req.header('Authorization')))
      if (!(typeof good === 'boolean' ? good : await good)) return c.body(null, 401)
      await next()
      return undefined
    }),
}
