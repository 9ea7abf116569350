import { hash } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { Request } from 'express'
import { Passport } from 'passport'
import { Strategy, type VerifyFunction } from 'passport-http-bearer'
import type { Peer } from './peer.js'

/** The strategy over a Map of SHA-256 digests, computed with the fastest function of Node. */
export function bearerStrategy(token: string): Strategy<VerifyFunction> {
  const users = new Map([[hash('sha256', token, 'hex'), { id: 'bench' }]])
  return new Strategy((presented, done) => done(null, users.get(hash('sha256', presented, 'hex')) ?? false))
}

/** Its middleware, called with the members of a request that it reads. */
export function passportHttpBearer(token: string, forged: string): Peer {
  const passport = new Passport()
  passport.use(bearerStrategy(token))
  const middleware = passport.authenticate('bearer', { session: false, failWithError: true })
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  let passed = false
  const next = (error?: unknown) => {
    passed = error === undefined
  }
  return {
    credential: `Bearer ${token}`,
    forged: `Bearer ${forged}`,
    verify(authorization) {
      passed = false
      // It marks the request, so each call needs a new one.
      middleware({ headers: { authorization } } as Request, response, next)
      return passed
    },
  }
}
