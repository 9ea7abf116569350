import type { RequestListener } from 'node:http'
import { latchkeyExpress } from '@latchkey/express'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { expressjwt } from 'express-jwt'
import { Passport } from 'passport'
import { type KnownToken, SCOPE } from '../harness/tokens.js'
import { signedJwt } from '../peers/jwt.js'
import { bearerStrategy } from '../peers/passport-http-bearer.js'
import { bearer, CHECKS, type Check, type GuardedApp, type GuardName, knownLatchkey, opaque } from './guards.js'

/** An Express 5 app with one JSON route. */
export function expressApp(guard: RequestHandler | undefined): RequestListener {
  const app = express()
  if (guard !== undefined) app.use(guard)
  app.get('/', (_req, res) => {
    res.json({ ok: true })
  })
  app.use(refuse)
  return app
}

/** Some peers leave the refusal to the host. */
const refuse: ErrorRequestHandler = (error: { status?: number }, _req, res, _next) => {
  res.status(error.status ?? 500).end()
}

export async function guardedExpress(name: GuardName, known: KnownToken): Promise<GuardedApp> {
  if (name === 'jwt') {
    const { token, forged, key } = signedJwt()
    const guard = expressjwt({ secret: key, algorithms: ['HS256'] })
    return { listener: expressApp(guard), ...opaque({ ...known, token, forged }) }
  }
  return { listener: expressApp(await guardOf(name, known)), ...opaque(known) }
}

async function guardOf(name: Exclude<GuardName, 'jwt'>, known: KnownToken): Promise<RequestHandler | undefined> {
  switch (name) {
    case 'bare':
      return undefined
    case 'latchkey':
    case 'latchkey-untracked': {
      const { requireToken } = latchkeyExpress(await knownLatchkey(known, name === 'latchkey'))
      return requireToken({ scopes: [SCOPE] })
    }
    case 'passport': {
      const passport = new Passport()
      passport.use(bearerStrategy(known.token))
      return passport.authenticate('bearer', { session: false }) as RequestHandler
    }
    default:
      return checked(await CHECKS[name](known))
  }
}

function checked(check: Check): RequestHandler {
  return (req, res, next) => {
    const good = check(bearer(req.headers.authorization))
    if (good === true) next()
    else if (good === false) res.status(401).end()
    else good.then((late) => (late ? next() : res.status(401).end()), next)
  }
}
