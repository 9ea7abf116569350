import { StoreError } from '@latchkey/core'
import type { ChangeEvent, EnvironmentStore, Unwatch } from '@latchkey/core/store'
import {
  type PostgresServer,
  type PostgresServerOptions,
  startPostgres,
  startTcpProxy,
  type TcpProxy,
} from '@latchkey/test-servers'
import pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { nodePg, type PostgresStoreOptions, postgresStore } from '../src/index.js'

export const ENVIRONMENT = 'default'
/** Whether `npm run long` runs the tests. */
export const LONG = process.env.LATCHKEY_LONG === '1'
export const LIST = { filter: {}, sort: { by: 'name', direction: 'asc' }, limit: 10, count: true } as const

/** One server for all tests of a file. Each test takes a schema of its own. */
export function sharedServer(options: PostgresServerOptions = {}): { readonly server: PostgresServer } {
  const shared: { server?: PostgresServer } = {}
  beforeAll(async () => {
    shared.server = await startPostgres(options)
  })
  afterAll(async () => shared.server?.stop())
  return {
    get server() {
      if (shared.server === undefined) throw new Error('the server is started before the tests of a file')
      return shared.server
    },
  }
}

let schemas = 0

export function newSchema(): string {
  return `s${++schemas}`
}

/** A server for one test. */
export async function ownServer(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const server = await startPostgres(options)
  onTestFinished(async () => server.stop())
  return server
}

export interface Connection {
  readonly pool: pg.Pool
  readonly environment: EnvironmentStore
  /** Of one statement on the pool. */
  value(text: string): Promise<unknown>
}

export function newPool(to: { url: string }, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: to.url, connectionTimeoutMillis: 2_000, ...options })
  // Connections to a server that is frozen or gone would be waited for.
  onTestFinished(() => {
    if (!pool.ending) void pool.end()
  })
  return pool
}

/** So long that a busy machine makes no difference, for tests of other things than deadlines. */
export const PATIENT = { readTimeout: 20_000, manageTimeout: 20_000 } as const

/** The environment on a pool of its own. */
export async function connect(
  to: { url: string },
  options: Omit<PostgresStoreOptions, 'client'> = {},
  poolOptions: pg.PoolConfig = {},
): Promise<Connection> {
  const pool = newPool(to, poolOptions)
  const store = postgresStore({ client: nodePg(pool), ...PATIENT, ...options })
  onTestFinished(async () => store.close())
  const environment = await store.open(ENVIRONMENT)
  return { pool, environment, value: async (text) => Object.values((await pool.query(text)).rows[0] ?? {})[0] }
}

/** The call must reject with `ERR_STORE`. */
export async function unavailable(call: Promise<unknown>, text?: RegExp): Promise<void> {
  const error = await call.then(
    (value) => new Error(`resolved to ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(StoreError)
  expect((error as StoreError).code).toBe('ERR_STORE')
  if (text) expect((error as StoreError).message).toMatch(text)
}

/** Asks again until it is so; for what takes a client or a server a moment, such as connecting again. */
export async function eventually(holds: () => Promise<boolean>, patience = 10_000): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('it never came to hold')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export interface Watching {
  readonly events: ChangeEvent[]
  /** Resolves when the event came, after this call or before it. */
  came(event: 'reset' | 'lagging' | 'live'): Promise<void>
  changed(id: string): Promise<void>
  stop: Unwatch
}

/** Collects the events of an environment, and waits for them with a deadline. */
export async function startWatching(environment: EnvironmentStore, patience = 5_000): Promise<Watching> {
  const events: ChangeEvent[] = []
  const waiting = new Set<() => void>()
  const stop = await environment.watch((event) => {
    events.push(event)
    for (const look of waiting) look()
  })
  onTestFinished(stop)
  async function until(what: string, holds: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer)
        waiting.delete(look)
        end()
      }
      const look = () => {
        if (holds()) settle(resolve)
      }
      const late = () => reject(new Error(`no ${what} within ${patience} ms: ${JSON.stringify(events)}`))
      const timer = setTimeout(() => settle(late), patience)
      waiting.add(look)
      look()
    })
  }
  return {
    events,
    came: async (event) => until(event, () => events.includes(event)),
    changed: async (id) =>
      until(`change of ${id}`, () => events.some((event) => typeof event === 'object' && event.ids.includes(id))),
    stop,
  }
}

/** A proxy before the server, as `connect` takes it. */
export async function startProxy(target: number): Promise<TcpProxy & { readonly url: string }> {
  const proxy = await startTcpProxy(target)
  return { ...proxy, url: `postgres://latchkey@127.0.0.1:${proxy.port}/postgres` }
}
