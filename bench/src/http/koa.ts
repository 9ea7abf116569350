import { latchkeyKoa } from '@latchkey/koa'
import Koa, { type Middleware } from 'koa'
import koaJwt from 'koa-jwt'
import koaPassport from 'koa-passport'
import { floor } from '../lib/floor.js'
import { type Known, SCOPE } from '../lib/issue.js'
import { betterAuthApiKey } from '../peers/better-auth.js'
import { bearerStrategy } from '../peers/passport-http-bearer.js'
import { signedJwt } from '../peers/signed-jwt.js'
import { bearer, type Guarded, type Guards } from './guarded.js'
import { knownLatchkey } from './known-latchkey.js'

/** A Koa 3 app with one JSON route. */
export function koaApp(guard: Middleware | undefined): Koa {
  const app = new Koa()
  if (guard !== undefined) app.use(guard)
  app.use((ctx) => {
    ctx.body = { ok: true }
  })
  return app
}

export function koaGuards(known: Known): Guards<Middleware> {
  const opaque = { authorization: `Bearer ${known.token}`, forged: `Bearer ${known.forged}` }

  async function latchkey(tracked: boolean): Promise<Guarded<Middleware>> {
    const { requireToken } = latchkeyKoa(await knownLatchkey(known, tracked))
    return { ...opaque, middleware: requireToken({ scopes: [SCOPE] }) as Middleware }
  }

  return {
    bare: () => opaque,
    floor() {
      const verify = floor([known.token])
      const middleware: Middleware = (ctx, next) => {
        const token = bearer(ctx.req.headers.authorization)
        if (token !== undefined && verify(token)) return next()
        ctx.status = 401
        return undefined
      }
      return { ...opaque, middleware }
    },
    latchkey: () => latchkey(true),
    'latchkey-untracked': () => latchkey(false),
    passport() {
      koaPassport.use(bearerStrategy(known.token))
      return { ...opaque, middleware: koaPassport.authenticate('bearer', { session: false }) }
    },
    jwt() {
      const { token, forged, key } = signedJwt()
      // Its types know bytes only; it hands the key to jsonwebtoken, for which a KeyObject is the fast way.
      const secret = key as unknown as Buffer
      const middleware = koaJwt({ secret, algorithms: ['HS256'] })
      return { middleware, authorization: `Bearer ${token}`, forged: `Bearer ${forged}` }
    },
    async 'better-auth'() {
      const { verify } = await betterAuthApiKey(known.token, known.forged)
      const middleware: Middleware = async (ctx, next) => {
        const key = bearer(ctx.req.headers.authorization)
        if (key !== undefined && (await verify(key))) return next()
        ctx.status = 401
      }
      return { ...opaque, middleware }
    },
  }
}
