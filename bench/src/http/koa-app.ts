import type { RequestListener } from 'node:http'
import { latchkeyKoa } from '@latchkey/koa'
import Koa, { type Middleware } from 'koa'
import koaJwt from 'koa-jwt'
import koaPassport from 'koa-passport'
import { SCOPE } from '../harness/tokens.js'
import { bearerStrategy } from '../verify/peers.js'
import { bearer, type Framework } from './framework.js'

function koaApp(guard?: Middleware): RequestListener {
  const app = new Koa()
  if (guard !== undefined) app.use(guard)
  app.use((ctx) => {
    ctx.body = { ok: true }
  })
  return app.callback() as RequestListener
}

export const onKoa: Framework = {
  bare: () => koaApp(),
  latchkey: (latchkey) => koaApp(latchkeyKoa(latchkey).requireToken({ scopes: [SCOPE] }) as Middleware),
  opaque: {
    name: 'passport',
    app({ token }) {
      koaPassport.use(bearerStrategy(token))
      return koaApp(koaPassport.authenticate('bearer', { session: false }))
    },
  },
  // Its types allow bytes only, but it hands the key to jsonwebtoken, which is faster with a KeyObject.
  jwt: (key) => koaApp(koaJwt({ secret: key as unknown as Buffer, algorithms: ['HS256'] })),
  checked: (check) =>
    koaApp((ctx, next) => {
      const good = check(bearer(ctx.req.headers.authorization))
      if (good === true) return next()
      return good === false ? ctx.throw(401) : good.then((late) => (late ? next() : ctx.throw(401)))
    }),
}
