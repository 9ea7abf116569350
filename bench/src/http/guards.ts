import type { RequestListener } from 'node:http'
import { createLatchkey, type Latchkey } from '@latchkey/core'
import { type KnownToken, storeWith } from '../harness/tokens.js'
import { betterAuthApiKey } from '../peers/better-auth.js'
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
export type Framework = (typeof FRAMEWORKS)[number]

export interface Credentials {
  /** The value of an Authorization header that the guard admits. */
  readonly authorization: string
  /** One that it must refuse. */
  readonly forged: string
}

/** An application with one JSON route behind a guard. */
export interface GuardedApp extends Credentials {
  readonly listener: RequestListener
}

/** Of the guards that take the opaque token. */
export function opaque({ token, forged }: KnownToken): Credentials {
  return { authorization: `Bearer ${token}`, forged: `Bearer ${forged}` }
}

/** Whether a token is good, for guards that are written by hand. */
export type Check = (token: string) => boolean | Promise<boolean>

export const CHECKS: Readonly<Record<'floor' | 'better-auth', (known: KnownToken) => Promise<Check>>> = {
  floor: async ({ token }) => floor([token]),
  'better-auth': async ({ token, forged }) => (await betterAuthApiKey(token, forged)).verify,
}

/** The token behind `Bearer`. */
export function bearer(authorization: string | undefined): string {
  return authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : ''
}

/** An instance with default options, whose store has the token. */
export async function knownLatchkey(known: KnownToken, tracked: boolean): Promise<Latchkey> {
  return createLatchkey({ store: await storeWith(known), ...(!tracked && { lastUsed: false }) })
}
