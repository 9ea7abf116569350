import type { RequestListener } from 'node:http'
import { createLatchkey, type Latchkey } from '@latchkey/core'
import { type KnownToken, storeWith } from '../harness/tokens.js'
import { betterAuthApiKey } from '../peers/better-auth.js'
import { type SignedJwt, signedJwt } from '../peers/jwt.js'
import { floor } from '../verify/floor.js'

/** In the order of the table. */
export const GUARD_NAMES = [
  'bare',
  'floor',
  'latchkey',
  'latchkey-untracked',
  'passport',
  'jwt',
  'better-auth',
] as const
export type GuardName = (typeof GUARD_NAMES)[number]
export const PEER_GUARDS = ['passport', 'jwt', 'better-auth'] as const satisfies readonly GuardName[]

export const FRAMEWORKS = ['express', 'koa'] as const
export type FrameworkName = (typeof FRAMEWORKS)[number]

/** Whether a token is good: what a host writes whose library has no middleware. */
export type Check = (token: string) => boolean | Promise<boolean>

/** How a framework is used: an application, and its guards as middleware. */
export interface Framework<Middleware> {
  /** With one JSON route. */
  app(guard: Middleware | undefined): RequestListener
  latchkey(latchkey: Latchkey): Middleware
  /** The Passport strategy `bearer`, which admits the token. */
  passport(token: string): Middleware
  jwt(key: SignedJwt['key']): Middleware
  checked(check: Check): Middleware
}

export interface GuardedApp {
  readonly listener: RequestListener
  /** The value of an Authorization header that the guard admits. */
  readonly authorization: string
  /** One that it must refuse. */
  readonly forged: string
}

export async function guardedApp<Middleware>(
  framework: Framework<Middleware>,
  name: GuardName,
  known: KnownToken,
): Promise<GuardedApp> {
  if (name === 'jwt') {
    const { token, forged, key } = signedJwt()
    return withCredentials(framework.app(framework.jwt(key)), token, forged)
  }
  return withCredentials(framework.app(await guardOf(framework, name, known)), known.token, known.forged)
}

async function guardOf<Middleware>(
  { latchkey, passport, checked }: Framework<Middleware>,
  name: Exclude<GuardName, 'jwt'>,
  known: KnownToken,
): Promise<Middleware | undefined> {
  switch (name) {
    case 'bare':
      return undefined
    case 'floor':
      return checked(floor([known.token]))
    case 'latchkey':
      return latchkey(createLatchkey({ store: await storeWith(known) }))
    case 'latchkey-untracked':
      return latchkey(createLatchkey({ store: await storeWith(known), lastUsed: false }))
    case 'passport':
      return passport(known.token)
    case 'better-auth':
      return checked((await betterAuthApiKey(known.token, known.forged)).verify)
  }
}

function withCredentials(listener: RequestListener, token: string, forged: string): GuardedApp {
  return { listener, authorization: `Bearer ${token}`, forged: `Bearer ${forged}` }
}

/** The token behind `Bearer`. */
export function bearer(authorization: string | undefined): string {
  return authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : ''
}
