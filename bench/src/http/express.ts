import { latchkeyExpress } from '@latchkey/express'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { expressjwt } from 'express-jwt'
import { Passport } from 'passport'
import { floor } from '../lib/floor.js'
import { type Known, SCOPE } from '../lib/issue.js'
import { betterAuthApiKey } from '../peers/better-auth.js'
import { bearerStrategy } from '../peers/passport-http-bearer.js'
import { signedJwt } from '../peers/signed-jwt.js'
import { bearer, type Guarded, type Guards } from './guarded.js'
import { knownLatchkey } from './known-latchkey.js'

/** An Express 5 app with one JSON route. */
export function expressApp(guard: RequestHandler | undefined): express.Express {
  const app = express()
  if (guard !== undefined) app.use(guard)
  app.get('/', (_req, res) => {
    res.json({ ok: true })
  })
  app.use(refuse)
  return app
}

/** Some peers leave the answer to the host. */
const refuse: ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
  res.status(error.status ?? 500).end()
}

export function expressGuards(known: Known): Guards<RequestHandler> {
  const opaque = { authorization: `Bearer ${known.token}`, forged: `Bearer ${known.forged}` }

  async function latchkey(tracked: boolean): Promise<Guarded<RequestHandler>> {
    const { requireToken } = latchkeyExpress(await knownLatchkey(known, tracked))
    return { ...opaque, middleware: requireToken({ scopes: [SCOPE] }) }
  }

  return {
    bare: () => opaque,
    floor() {
      const verify = floor([known.token])
      const middleware: RequestHandler = (req, res, next) => {
        const token = bearer(req.headers.authorization)
        if (token !== undefined && verify(token)) next()
        else res.status(401).end()
      }
      return { ...opaque, middleware }
    },
    latchkey: () => latchkey(true),
    'latchkey-untracked': () => latchkey(false),
    passport() {
      const passport = new Passport()
      passport.use(bearerStrategy(known.token))
      return { ...opaque, middleware: passport.authenticate('bearer', { session: false }) as RequestHandler }
    },
    jwt() {
      const { token, forged, key } = signedJwt()
      const middleware = expressjwt({ secret: key, algorithms: ['HS256'] })
      return { middleware, authorization: `Bearer ${token}`, forged: `Bearer ${forged}` }
    },
    async 'better-auth'() {
      const { verify } = await betterAuthApiKey(known.token, known.forged)
      const middleware: RequestHandler = async (req, res, next) => {
        const key = bearer(req.headers.authorization)
        if (key !== undefined && (await verify(key))) next()
        else res.status(401).end()
      }
      return { ...opaque, middleware }
    },
  }
}
