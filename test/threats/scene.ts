import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type CreateInput,
  createLatchkey,
  type IssuedToken,
  type Latchkey,
  type LatchkeyOptions,
  memoryStore,
  type TokenStore,
} from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'
import { testHasher } from '@latchkey/testkit'
import { onTestFinished } from 'vitest'
import { type Call, client } from './client.js'
import { type HostOptions, type HostRequest, hostListener } from './host.mjs'

export const FRAMEWORKS = ['express', 'koa'] as const
export type Framework = (typeof FRAMEWORKS)[number]

/** 2030-01-01T00:00:00Z: when every scene begins. */
export const BEGIN = Date.UTC(2030, 0, 1)

export interface Scene {
  readonly latchkey: Latchkey
  readonly call: Call
  readonly clock: { at: number }
  readonly store: TokenStore
  /** A token of `alice` that may read reports, unless asked otherwise. */
  issue(input?: Partial<CreateInput>): Promise<IssuedToken>
  /** Every record of the environment, hashes included. */
  records(): Promise<readonly TokenRecord[]>
}

/** A host of this framework with an instance of its own, over real HTTP, until the test ends. */
export async function scene(
  framework: Framework | 'fastify',
  options: Partial<LatchkeyOptions> = {},
  host: HostOptions & {
    readonly choose?: (request: HostRequest, own: Latchkey) => Latchkey
    /** Listens on this Unix socket, where nobody has an address. */
    readonly socket?: string
  } = {},
): Promise<Scene> {
  const clock = { at: BEGIN }
  const store = options.store ?? memoryStore()
  const latchkey: Latchkey = createLatchkey({
    prefix: 'acme',
    environment: randomUUID(),
    hasher: testHasher,
    // Making room for the 50,000 tokens of the default takes 20 ms.
    cache: { max: 1_000, ttl: 3_600_000 },
    now: () => clock.at,
    ...options,
    store,
  })
  const { choose } = host
  const chosen = choose === undefined ? latchkey : (request: HostRequest) => choose(request, latchkey)
  const server = createServer(hostListener(framework, chosen, host))
  server.listen(host.socket === undefined ? { port: 0, host: '127.0.0.1' } : { path: host.socket })
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
    await latchkey.close().catch(() => undefined)
  })
  return {
    latchkey,
    call: client(host.socket ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    clock,
    store,
    issue: (input) => latchkey.create({ name: 'report', owner: 'alice', scopes: ['reports.read'], ...input }),
    async records() {
      const environment = await store.open(latchkey.environment)
      const sort = { by: 'createdAt', direction: 'asc' } as const
      return [...(await environment.list({ filter: {}, sort, limit: 10_000, count: false })).records]
    },
  }
}
