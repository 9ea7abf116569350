import type { KeyObject } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createLatchkey, type Latchkey } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyKoa } from '@latchkey/koa'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { expressjwt } from 'express-jwt'
import Koa, { type Middleware } from 'koa'
import koaJwt from 'koa-jwt'
import koaPassport from 'koa-passport'
import { Passport } from 'passport'
import { type KnownToken, SCOPE, storeWith } from '../harness/tokens.js'
import { floor } from '../verify/floor.js'
import { bearerStrategy, betterAuthApiKey, signedJwt } from '../verify/peers.js'

/** Whether a token is good: what a host writes whose library has no middleware. */
type Check = (token: string) => boolean | Promise<boolean>

/** Makes applications with one JSON route behind a guard. */
interface Framework {
  bare(): RequestListener
  latchkey(latchkey: Latchkey): RequestListener
  /** The Passport strategy `bearer`, which admits the token. */
  passport(token: string): RequestListener
  jwt(key: KeyObject): RequestListener
  checked(check: Check): RequestListener
}

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

function koaApp(guard?: Middleware): RequestListener {
  const app = new Koa()
  if (guard !== undefined) app.use(guard)
  app.use((ctx) => {
    ctx.body = { ok: true }
  })
  return app.callback() as RequestListener
}

export const FRAMEWORKS = {
  express: {
    bare: () => expressApp(),
    latchkey: (latchkey) => expressApp(latchkeyExpress(latchkey).requireToken({ scopes: [SCOPE] })),
    passport(token) {
      const passport = new Passport()
      passport.use(bearerStrategy(token))
      return expressApp(passport.authenticate('bearer', { session: false }) as RequestHandler)
    },
    jwt: (key) => expressApp(expressjwt({ secret: key, algorithms: ['HS256'] })),
    checked: (check) =>
      expressApp((req, res, next) => {
        const good = check(bearer(req.headers.authorization))
        if (good === true) next()
        else if (good === false) res.status(401).end()
        else good.then((late) => (late ? next() : res.status(401).end()), next)
      }),
  },
  koa: {
    bare: () => koaApp(),
    latchkey: (latchkey) => koaApp(latchkeyKoa(latchkey).requireToken({ scopes: [SCOPE] }) as Middleware),
    passport(token) {
      koaPassport.use(bearerStrategy(token))
      return koaApp(koaPassport.authenticate('bearer', { session: false }))
    },
    // Its types allow bytes only, but it hands the key to jsonwebtoken, which is faster with a KeyObject.
    jwt: (key) => koaApp(koaJwt({ secret: key as unknown as Buffer, algorithms: ['HS256'] })),
    checked: (check) =>
      koaApp((ctx, next) => {
        const good = check(bearer(ctx.req.headers.authorization))
        if (good === true) return next()
        return good === false ? ctx.throw(401) : good.then((late) => (late ? next() : ctx.throw(401)))
      }),
  },
} satisfies Record<string, Framework>
export type FrameworkName = keyof typeof FRAMEWORKS
export const FRAMEWORK_NAMES = Object.keys(FRAMEWORKS) as FrameworkName[]

type MakeApp = (framework: Framework, known: KnownToken) => RequestListener | Promise<RequestListener>

/** The guards that take an opaque token, by the names of their rows. */
const GUARDS = {
  bare: (framework) => framework.bare(),
  floor: (framework, { token }) => framework.checked(floor([token])),
  latchkey: async (framework, known) => framework.latchkey(createLatchkey({ store: await storeWith(known) })),
  'latchkey-untracked': async (framework, known) =>
    framework.latchkey(createLatchkey({ store: await storeWith(known), lastUsed: false })),
  passport: (framework, { token }) => framework.passport(token),
  'better-auth': async (framework, known) => framework.checked((await betterAuthApiKey(known)).verify),
} satisfies Record<string, MakeApp>

export type GuardName = keyof typeof GUARDS | 'jwt'
export const PEER_GUARDS = ['passport', 'jwt', 'better-auth'] as const satisfies readonly GuardName[]
/** In the order of the table. */
export const GUARD_NAMES: readonly GuardName[] = ['bare', 'floor', 'latchkey', 'latchkey-untracked', ...PEER_GUARDS]

export interface GuardedApp {
  readonly listener: RequestListener
  /** The value of an Authorization header that the guard admits. */
  readonly authorization: string
  /** One that it must refuse. */
  readonly forged: string
}

export async function guardedApp(framework: FrameworkName, name: GuardName, known: KnownToken): Promise<GuardedApp> {
  const { token, forged, listener } =
    name === 'jwt'
      ? jwtApp(FRAMEWORKS[framework])
      : { ...known, listener: await GUARDS[name](FRAMEWORKS[framework], known) }
  return { listener, authorization: `Bearer ${token}`, forged: `Bearer ${forged}` }
}

function jwtApp(framework: Framework) {
  const { token, forged, key } = signedJwt()
  return { token, forged, listener: framework.jwt(key) }
}

/** The token behind `Bearer`. */
function bearer(authorization: string | undefined): string {
  return authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : ''
}
