import { latchkeyExpress } from '@latchkey/express'
import expressFive, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { expressjwt } from 'express-jwt'
import { Passport } from 'passport'
import { SCOPE } from '../harness/tokens.js'
import { bearerStrategy } from '../peers/passport-http-bearer.js'
import { bearer, type Framework } from './guards.js'

export const express: Framework<RequestHandler> = {
  app(guard) {
    const app = expressFive()
    if (guard !== undefined) app.use(guard)
    app.get('/', (_req, res) => {
      res.json({ ok: true })
    })
    app.use(refuse)
    return app
  },
  latchkey: (latchkey) => latchkeyExpress(latchkey).requireToken({ scopes: [SCOPE] }),
  passport(token) {
    const passport = new Passport()
    passport.use(bearerStrategy(token))
    return passport.authenticate('bearer', { session: false }) as RequestHandler
  },
  jwt: (key) => expressjwt({ secret: key, algorithms: ['HS256'] }),
  checked: (check) => (req, res, next) => {
    const good = check(bearer(req.headers.authorization))
    if (good === true) next()
    else if (good === false) res.status(401).end()
    else good.then((late) => (late ? next() : res.status(401).end()), next)
  },
}

/** Some peers leave the refusal to the host. */
const refuse: ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
  res.status(error.status ?? 500).end()
}
