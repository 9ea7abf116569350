import type { RequestListener } from 'node:http'
import { latchkeyKoa } from '@latchkey/koa'
import Koa, { type Middleware } from 'koa'
import koaJwt from 'koa-jwt'
import koaPassport from 'koa-passport'
import { type KnownToken, SCOPE } from '../harness/tokens.js'
import { signedJwt } from '../peers/jwt.js'
import { bearerStrategy } from '../peers/passport-http-bearer.js'
import { bearer, CHECKS, type Check, type GuardedApp, type GuardName, knownLatchkey, opaque } from './guards.js'

/** A Koa 3 app with one JSON route. */
export function koaApp(guard: Middleware | undefined): RequestListener {
  const app = new Koa()
  if (guard !== undefined) app.use(guard)
  app.use((ctx) => {
    ctx.body = { ok: true }
  })
  return app.callback() as RequestListener
}

export async function guardedKoa(name: GuardName, known: KnownToken): Promise<GuardedApp> {
  if (name === 'jwt') {
    const { token, forged, key } = signedJwt()
    // Its types allow bytes only, but it hands the key to jsonwebtoken, which is faster with a KeyObject.
    const guard = koaJwt({ secret: key as unknown as Buffer, algorithms: ['HS256'] })
    return { listener: koaApp(guard), ...opaque({ ...known, token, forged }) }
  }
  return { listener: koaApp(await guardOf(name, known)), ...opaque(known) }
}

async function guardOf(name: Exclude<GuardName, 'jwt'>, known: KnownToken): Promise<Middleware | undefined> {
  switch (name) {
    case 'bare':
      return undefined
    case 'latchkey':
    case 'latchkey-untracked': {
      const { requireToken } = latchkeyKoa(await knownLatchkey(known, name === 'latchkey'))
      return requireToken({ scopes: [SCOPE] }) as Middleware
    }
    case 'passport':
      koaPassport.use(bearerStrategy(known.token))
      return koaPassport.authenticate('bearer', { session: false })
    default:
      return checked(await CHECKS[name](known))
  }
}

function checked(check: Check): Middleware {
  return (ctx, next) => {
    const good = check(bearer(ctx.req.headers.authorization))
    if (good === true) return next()
    return good === false ? ctx.throw(401) : good.then((late) => (late ? next() : ctx.throw(401)))
  }
}
