import type { RequestListener } from 'node:http'
import { createLatchkey } from '@latchkey/core'
import { type KnownToken, storeWith } from '../harness/tokens.js'
import { floor } from '../verify/floor.js'
import { betterAuthApiKey, signedJwt } from '../verify/peers.js'
import { onExpress } from './express-app.js'
import { onFastify } from './fastify-app.js'
import type { App, Framework } from './framework.js'
import { onHono } from './hono-app.js'
import { onKoa } from './koa-app.js'

export const FRAMEWORKS = { express: onExpress, fastify: onFastify, hono: onHono, koa: onKoa } satisfies Record<
  string,
  Framework
>
export type FrameworkName = keyof typeof FRAMEWORKS
export const FRAMEWORK_NAMES = Object.keys(FRAMEWORKS) as FrameworkName[]
/** Under attack core answers, whatever the framework: these two stand for all. */
export const ATTACKED = ['express', 'koa'] as const satisfies readonly FrameworkName[]

type MakeApp = (framework: Framework, known: KnownToken) => App | Promise<App>

/** The guards of every framework that take an opaque token, by the names of their rows. */
const GUARDS = {
  bare: (framework) => framework.bare(),
  floor: (framework, { token }) => framework.checked(floor([token])),
  latchkey: async (framework, known) => framework.latchkey(createLatchkey({ store: await storeWith(known) })),
  'latchkey-untracked': async (framework, known) =>
    framework.latchkey(createLatchkey({ store: await storeWith(known), lastUsed: false })),
  'better-auth': async (framework, known) => framework.checked((await betterAuthApiKey(known)).verify),
} satisfies Record<string, MakeApp>

export type GuardName = keyof typeof GUARDS | Framework['opaque']['name'] | 'jwt'

export function peersOf(framework: FrameworkName): readonly GuardName[] {
  return [FRAMEWORKS[framework].opaque.name, 'jwt', 'better-auth']
}

/** In the order of the table. */
export function guardsOf(framework: FrameworkName): readonly GuardName[] {
  return ['bare', 'floor', 'latchkey', 'latchkey-untracked', ...peersOf(framework)]
}

export interface GuardedApp {
  readonly listener: RequestListener
  /** The value of an Authorization header that the guard admits. */
  readonly authorization: string
  /** One that it must refuse. */
  readonly forged: string
}

export async function guardedApp(framework: FrameworkName, name: GuardName, known: KnownToken): Promise<GuardedApp> {
  const { token, forged, app } = credentialApp(FRAMEWORKS[framework], name, known)
  return { listener: await app, authorization: `Bearer ${token}`, forged: `Bearer ${forged}` }
}

function credentialApp(framework: Framework, name: GuardName, known: KnownToken) {
  if (name === 'jwt') {
    const { token, forged, key } = signedJwt()
    return { token, forged, app: framework.jwt(key) }
  }
  const { opaque } = framework
  return {
    ...known,
    app: name === opaque.name ? opaque.app(known) : GUARDS[name as keyof typeof GUARDS](framework, known),
  }
}
