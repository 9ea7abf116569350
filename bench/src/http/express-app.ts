import type { RequestListener } from 'node:http'
import { latchkeyExpress } from '@latchkey/express'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { expressjwt } from 'express-jwt'
import { Passport } from 'passport'
import { SCOPE } from '../harness/tokens.js'
import { bearerStrategy } from '../verify/peers.js'
import { bearer, type Framework } from './framework.js'

function expressApp(guard?: RequestHandler): RequestListener {
  const app = express()
  if (guard !== undefined) app.use(guard)
  app.get('/', (_req, res) => {
    res.json({ ok: true })
  })
  // Some peers leave the refusal to the host.
  const refuse: ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
    res.status(error.status ?? 500).end()
  }
  return app.use(refuse)
}

export const onExpress: Framework = {
  bare: () => expressApp(),
  latchkey: (latchkey) => expressApp(latchkeyExpress(latchkey).requireToken({ scopes: [SCOPE] })),
  opaque: {
    name: 'passport',
    app({ token }) {
      const passport = new Passport()
      passport.use(bearerStrategy(token))
      return expressApp(passport.authenticate('bearer', { session: false }) as RequestHandler)
    },
  },
  jwt: (key) => expressApp(expressjwt({ secret: key, algorithms: ['HS256'] })),
  checked: (check) =>
    expressApp((req, res, next) => {
      const good = check(bearer(req.headers.authorization))
      if (good === true) next()
      else if (good === false) res.status(401).end()
      else good.then((late) => (late ? next() : res.status(401).end()), next)
    }),
}
