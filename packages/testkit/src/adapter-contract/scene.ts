import assert from 'node:assert/strict'
import {
  type ApiToken,
  type Caller,
  type CreateInput,
  createLatchkey,
  type DialectName,
  type IssuedToken,
  type Latchkey,
  type LatchkeyOptions,
  type MemoryData,
  memoryData,
  memoryStore,
} from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'
import { testHasher } from '../fixtures.js'
import { readPage } from '../read-page.js'
import type { AdapterCase, AdapterGroup, HostPlan, HostRequest, MountHost } from './adapter-case.js'
import { type FaultyStore, faultyStore } from './faulty-store.js'
import { type Ask, type Reply, send } from './http-client.js'
import { ROUTES } from './planned-routes.js'
import { type ServeOptions, serve } from './serve.js'

/** 2030-01-01T00:00:00Z: when every case begins. */
export const BEGIN = Date.UTC(2030, 0, 1)
export const MOUNT = '/api/v2/apiTokens'

export interface SceneOptions {
  /** Over the scene's own: store, clock, hasher, and a cache that outlives the case. */
  readonly latchkey?: Partial<LatchkeyOptions>
  /** Which instance serves a request. Default: always the scene's. */
  readonly resolve?: (request: HostRequest, scene: Latchkey) => Latchkey
  readonly trustProxy?: boolean
  readonly parsesJson?: boolean
  readonly dialect?: DialectName
  readonly mount?: string
  readonly authorize?: (request: HostRequest) => Caller | undefined | Promise<Caller | undefined>
  readonly server?: ServeOptions
}

/** A running host with an instance over a memory store, and what a case needs around it. */
export interface Scene {
  readonly latchkey: Latchkey
  readonly data: MemoryData
  readonly line: FaultyStore
  /** Tokens with which a guarded route's handler ran, in order. */
  readonly handled: readonly (ApiToken | undefined)[]
  /** What reached the framework's error handling. */
  readonly errors: readonly unknown[]
  /** Moves the clock on, in ms. */
  wait(time: number): void
  now(): number
  /** A token of `alice` that may read reports, unless asked otherwise. */
  issue(input?: Partial<CreateInput>): Promise<IssuedToken>
  send(ask: Ask): Promise<Reply>
  /** Every record of the environment, straight from the data. */
  records(): Promise<readonly TokenRecord[]>
  /** Runs the action, and rejects if a single record changed, came or went. */
  unchanged(action: () => Promise<void>): Promise<void>
}

/** A case that runs on one host of its own. */
export function adapterCase(
  group: AdapterGroup,
  name: string,
  options: SceneOptions,
  body: (scene: Scene) => Promise<void>,
): AdapterCase {
  return { group, name, run: (mount) => withScene(mount, options, body) }
}

export async function withScene(
  mount: MountHost,
  options: SceneOptions,
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  let now = BEGIN
  const data = memoryData()
  const line = faultyStore(memoryStore(data))
  const latchkey: Latchkey = createLatchkey({
    prefix: 'acme',
    store: line.store,
    hasher: testHasher,
    cache: { ttl: 3_600_000 },
    now: () => now,
    ...options.latchkey,
  })
  const handled: (ApiToken | undefined)[] = []
  const errors: unknown[] = []
  const { resolve } = options
  const plan: HostPlan = {
    latchkey: resolve === undefined ? latchkey : (request) => resolve(request, latchkey),
    trustProxy: options.trustProxy ?? false,
    parsesJson: options.parsesJson ?? false,
    guarded: ROUTES,
    handle(token) {
      handled.push(token)
      return { token: token ?? null }
    },
    management: {
      path: options.mount ?? MOUNT,
      dialect: options.dialect ?? 'dynatrace',
      ...(options.authorize !== undefined && { authorize: options.authorize }),
    },
    notFound: 'host',
    failed: (error) => void errors.push(error),
  }
  const server = await serve(await mount(plan), options.server)

  async function records(): Promise<readonly TokenRecord[]> {
    const environment = await memoryStore(data).open(latchkey.environment)
    const sort = { by: 'createdAt', direction: 'asc' } as const
    return (await readPage(environment, { filter: {}, sort, limit: 10_000, count: false })).records
  }

  const scene: Scene = {
    latchkey,
    data,
    line,
    handled,
    errors,
    wait: (time) => {
      now += time
    },
    now: () => now,
    issue: (input) => latchkey.create({ name: 'report', owner: 'alice', scopes: ['reports.read'], ...input }),
    send: (ask) => send(server.address, ask),
    records,
    async unchanged(action) {
      const before = await records()
      await action()
      assert.deepEqual(await records(), before, 'nothing is written')
    },
  }
  try {
    await body(scene)
  } finally {
    line.cut(false)
    await server.close()
    await latchkey.close()
  }
}
