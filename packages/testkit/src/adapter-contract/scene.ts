import assert from 'node:assert/strict'
import {
  type ApiToken,
  type CreateInput,
  createLatchkey,
  type IssuedToken,
  type Latchkey,
  type LatchkeyOptions,
  type MemoryData,
  memoryData,
  memoryStore,
} from '@latchkey/core'
import type { AdapterOptions, DeniedRequest, RoutesOptions } from '@latchkey/core/adapter'
import type { TokenRecord } from '@latchkey/core/store'
import { readPage, testHasher } from '../fixtures.js'
import type {
  AdapterCase,
  AdapterGroup,
  FrameworkFacts,
  GuardedRoute,
  HostPlan,
  HostRequest,
  MountHost,
  RenderDenied,
} from './adapter-case.js'
import { type FaultyStore, faultyStore } from './faulty-store.js'
import { type Ask, bearer, JSON_TYPE, type Reply, type ServeOptions, serve } from './http.js'

/** 2030-01-01T00:00:00Z: when every case begins. */
export const BEGIN = Date.UTC(2030, 0, 1)
export const MOUNT = '/api/v2/apiTokens'
/** Of the right form, and nobody's. */
export const UNKNOWN_ID = `acme.${'A'.repeat(24)}`

/** It outlives a case. Small, since an instance with the default takes 20 ms to make room for its tokens. */
const CACHE = { max: 1_000, ttl: 3_600_000 }

/** What the `onDenied` of `/rendering-fails` throws. */
export const RENDERING_FAILED = new Error('the host cannot render this')

/** The guarded routes of every host. */
const ROUTES: readonly GuardedRoute[] = [
  { path: '/open', guards: [] },
  { path: '/any', guards: [{}] },
  { path: '/reports', guards: [{ scopes: ['reports.read'] }] },
  { path: '/public', guards: [{}], cacheControl: 'public, max-age=60' },
  { path: '/reports-and-logs', guards: [{ scopes: ['reports.read', 'logs.read', 'logs.write'] }] },
  { path: '/twice', guards: [{ scopes: ['reports.read'] }, { scopes: ['reports.read'] }, {}] },
  { path: '/twice-and-more', guards: [{ scopes: ['reports.read'] }, { scopes: ['logs.read'] }] },
  { path: '/rendered', guards: [{ scopes: ['reports.read'], onDenied: render }] },
  { path: '/resource', guards: [{ scopes: ['reports.read'], resource: named }] },
  { path: '/any-resource', guards: [{ scopes: ['reports.read'], resource: 'any' }] },
  { path: '/any-and-resource', guards: [{ resource: 'any' }, { resource: named }, { resource: 'any' }] },
  { path: '/resource-and-none', guards: [{ resource: named }, {}] },
  { path: '/rendering-fails', guards: [{ onDenied: failToRender }] },
  { path: '/rendering-fails-late', guards: [{ onDenied: async () => failToRender() }] },
  { path: '/rendering-fails-without-error', guards: [{ onDenied: () => Promise.reject() }] },
  { path: '/optional', guards: [{ scopes: ['reports.read'], optional: true }] },
  { path: '/optional-then-needed', guards: [{ optional: true }, { scopes: ['reports.read'] }] },
  { path: '/needed-then-optional', guards: [{ scopes: ['reports.read'] }, { optional: true }] },
  { path: '/optional-planted', guards: [{ optional: true }], planted: { id: 'planted' } },
]

/** The resources that the header names, separated by blanks; mistakes of a host by their names. */
function named({ headers }: HostRequest): string | readonly string[] | undefined {
  const text = headers['x-resource']
  if (text === 'throws') throw new Error('the host cannot tell the resource')
  if (text === 'rejects') return Promise.reject(new Error('the host cannot tell the resource')) as unknown as string
  if (text === 'is no text') return 17 as unknown as string
  if (text === 'is empty') return []
  return typeof text === 'string' && text.includes(' ') ? text.split(' ') : (text as string | undefined)
}

/** As an `onDenied`: tells what it was told. */
export function render({ denial, response }: DeniedRequest): object {
  return { rendered: denial, instead: response.status }
}

function failToRender(): never {
  throw RENDERING_FAILED
}

export interface SceneOptions extends RoutesOptions<HostRequest, RenderDenied> {
  /** Over the scene's own: store, clock, hasher, and a cache that outlives the case. */
  readonly latchkey?: Partial<LatchkeyOptions>
  readonly adapter?: AdapterOptions<RenderDenied>
  /** Which instance serves a request. Default: always the scene's. */
  readonly resolve?: (request: HostRequest, scene: Latchkey) => Latchkey
  readonly trustProxy?: boolean
  readonly parsesJson?: boolean
  /** Of the management routes. Default: `MOUNT`. */
  readonly mount?: string
  readonly server?: ServeOptions
}

/** A running host with an instance over a memory store, and what a case needs around it. */
export interface Scene {
  readonly facts: FrameworkFacts
  readonly latchkey: Latchkey
  readonly data: MemoryData
  readonly store: FaultyStore
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
  /** Sends a GET with this token as a bearer, or without a credential. */
  get(path: string, presented?: Pick<IssuedToken, 'token'>): Promise<Reply>
  /** Another instance on the data of the scene, as on another node, until the case ends. */
  node(options?: Partial<LatchkeyOptions>): Latchkey
  /** Every record of the environment, straight from the data. */
  records(): Promise<readonly TokenRecord[]>
  /** Runs the action, and rejects if a record changed, came or went. */
  unchanged(action: () => Promise<void>): Promise<void>
}

type Body = (scene: Scene) => Promise<void>
type AdminBody = (scene: Scene, call: Call, admin: IssuedToken) => Promise<void>

/** Makes a case that runs on a host of its own; options, if any, stand before its body. */
interface MakeCase<B> {
  (name: string, body: B): AdapterCase
  (name: string, options: SceneOptions, body: B): AdapterCase
}

export const guardCase = makerOf<Body>('guard', (body) => body)
export const routesCase = makerOf<Body>('routes', (body) => body)
/** A case of the routes with a token that may do everything, and calls with it. */
export const adminCase = makerOf<AdminBody>('routes', (body) => async (scene) => {
  const { call, admin } = await administrator(scene)
  await body(scene, call, admin)
})

function makerOf<B>(group: AdapterGroup, toBody: (given: B) => Body): MakeCase<B> {
  return (name: string, ...rest: [B] | [SceneOptions, B]): AdapterCase => {
    const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest
    return { group, name, run: (mount) => withScene(mount, options, toBody(body)) }
  }
}

export async function withScene(mount: MountHost, options: SceneOptions, body: Body): Promise<void> {
  const { latchkey: latchkeyOptions, adapter = {}, resolve, trustProxy = false, parsesJson = false, ...rest } = options
  const { mount: path = MOUNT, server: serveOptions, ...routes } = rest
  let now = BEGIN
  const data = memoryData()
  const store = faultyStore(memoryStore(data))
  const common = { prefix: 'acme', hasher: testHasher, now: () => now }
  const latchkey: Latchkey = createLatchkey({ ...common, store, cache: CACHE, ...latchkeyOptions })
  const instances = [latchkey]
  const handled: (ApiToken | undefined)[] = []
  const errors: unknown[] = []
  const plan: HostPlan = {
    latchkey: resolve === undefined ? latchkey : (request) => resolve(request, latchkey),
    adapter,
    trustProxy,
    parsesJson,
    guarded: ROUTES,
    handle(token) {
      handled.push(token)
      return { token: token ?? null }
    },
    management: { path, dialect: 'dynatrace', ...routes },
    notFound: 'host',
    failed: (error) => void errors.push(error),
  }
  const mounted = await mount(plan)
  const { listener, facts } = typeof mounted === 'function' ? { listener: mounted, facts: {} } : mounted
  const server = await serve(listener, serveOptions)

  async function records(): Promise<readonly TokenRecord[]> {
    const environment = await memoryStore(data).open(latchkey.environment)
    const sort = { by: 'createdAt', direction: 'asc' } as const
    return (await readPage(environment, { filter: {}, sort, limit: 10_000, count: false })).records
  }

  try {
    await body({
      facts,
      latchkey,
      data,
      store,
      handled,
      errors,
      records,
      send: server.send,
      wait(time) {
        now += time
      },
      now: () => now,
      get: (path, presented) => server.send(presented === undefined ? { path } : { path, headers: bearer(presented) }),
      node(more) {
        const node = createLatchkey({ ...common, store: memoryStore(data), ...more })
        instances.push(node)
        return node
      },
      issue: (input) => latchkey.create({ name: 'report', owner: 'alice', scopes: ['reports.read'], ...input }),
      async unchanged(action) {
        const before = await records()
        await action()
        assert.deepEqual(await records(), before, 'nothing is written')
      },
    })
  } finally {
    store.cut(false)
    await server.close()
    await Promise.all(instances.map((instance) => instance.close()))
  }
}

/** Calls the management routes: a path below the mount, and a body that becomes JSON unless it is text or bytes. */
export type Call = (method: string, path: string, body?: unknown, headers?: readonly string[]) => Promise<Reply>

/** Calls with the given headers in every request; a body is announced as JSON unless a call says otherwise. */
export function callsWith(scene: Scene, headers: readonly string[], mount = MOUNT): Call {
  return (method, path, body, more = []) => {
    const ask = { method, path: mount + path, headers: [...headers, ...more] }
    if (body === undefined) return scene.send(ask)
    const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    const type = more.includes('Content-Type') ? [] : JSON_TYPE
    return scene.send({ ...ask, headers: [...ask.headers, ...type], body: bytes })
  }
}

/** A token that may do everything, and calls with it. */
export async function administrator(
  scene: Scene,
  input: Partial<CreateInput> = {},
): Promise<{ readonly admin: IssuedToken; readonly call: Call }> {
  const admin = await scene.issue({ name: 'admin', owner: 'root', scopes: ['*'], ...input })
  return { admin, call: callsWith(scene, bearer(admin)) }
}
