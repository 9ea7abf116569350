// The example host on each store that keeps its tokens: a restart, a reset, and a second host on the same data.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '@latchkey/test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FRAMEWORKS, type SpawnedHost, spawnHost } from './start-host.js'

interface StoreKind {
  readonly name: string
  /** Starts what the store needs; resolves to a function that makes an empty store and returns its `--store`. */
  start(): Promise<{ make(): Promise<string>; stop(): Promise<void> }>
  /** On a busy machine it may not answer in time: then the host is asked again. */
  readonly mayBeLate: boolean
  /** The same store, with a secret in its name where it can have one. */
  withSecret(store: string): string
}

const STORES: readonly StoreKind[] = [
  {
    name: 'SQLite',
    async start() {
      const folder = await mkdtemp(join(tmpdir(), 'latchkey-host-'))
      let files = 0
      return {
        make: async () => `sqlite:${join(folder, `${++files}.sqlite`)}`,
        stop: () => rm(folder, { recursive: true }),
      }
    },
    mayBeLate: false,
    withSecret: (store) => store,
  },
  {
    name: 'PostgreSQL',
    async start() {
      const postgres = await startPostgres()
      let databases = 0
      return {
        async make() {
          const name = `hosts${++databases}`
          await postgres.query(`create database ${name}`)
          return postgres.url.replace(/postgres$/, name)
        },
        stop: postgres.stop,
      }
    },
    mayBeLate: true,
    withSecret: (store) => store.replace('latchkey@', 'latchkey:hunter2@'),
  },
]

async function json(host: SpawnedHost): Promise<{ url: string; adminToken: string | null }> {
  return JSON.parse((await host.printed(/^.*\n/))[0])
}

describe.each(STORES)('on $name', (kind) => {
  let started: Awaited<ReturnType<StoreKind['start']>>
  let store: string
  const running: SpawnedHost[] = []

  beforeAll(async () => {
    started = await kind.start()
  })
  afterAll(async () => started.stop())

  beforeEach(async () => {
    store = await started.make()
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((host) => host.stop('SIGKILL')))
  })

  async function ask(at: string, token: string | null): Promise<number> {
    const { status } = await fetch(`${at}/metrics`, { headers: { 'X-API-Key': String(token) } })
    return kind.mayBeLate && status === 503 ? ask(at, token) : status
  }

  function start(...args: string[]): SpawnedHost {
    const host = spawnHost(['--store', store, '--port', '0', ...args])
    running.push(host)
    return host
  }

  test.each(FRAMEWORKS)('with %s, tokens outlive a restart, and the admin token is shown once', async (framework) => {
    const first = start('--json', '--framework', framework)
    const before = await json(first)
    expect(await ask(before.url, before.adminToken)).toBe(200)
    expect(await first.stop()).toMatchObject({ code: 0 })

    const after = await json(start('--json', '--framework', framework))
    expect(after.adminToken).toBeNull()
    expect(await ask(after.url, before.adminToken)).toBe(200)
  })

  test('a second start says how to reset the admin token, without secrets, and the reset ends the old one', async () => {
    const first = start('--json')
    const { adminToken: old } = await json(first)
    await first.stop()

    store = kind.withSecret(store)
    const second = start()
    await second.printed(/--reset-admin/)
    expect(second.stdout()).not.toMatch(/[A-Z2-7]{64}|hunter2/)
    await second.stop()

    const third = await json(start('--json', '--reset-admin'))
    expect(await ask(third.url, old)).toBe(401)
    expect(await ask(third.url, third.adminToken)).toBe(200)
  })

  test('a token deleted at one of two hosts is refused at the other', async () => {
    const one = await json(start('--json'))
    const two = await json(start('--json', '--framework', 'koa'))
    const headers = { 'X-API-Key': String(one.adminToken), 'Content-Type': 'application/json' }
    const created = await fetch(`${one.url}/api/v2/apiTokens`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ name: 'short', scopes: ['metrics.read'] }),
    })
    const { id, token } = (await created.json()) as { id: string; token: string }
    expect(await ask(two.url, token)).toBe(200)
    const deleted = await fetch(`${one.url}/api/v2/apiTokens/${id}`, { method: 'DELETE', headers })
    expect(deleted.status).toBe(204)
    expect(await ask(one.url, token)).toBe(401)
    // Well below the ttl of the other host's cache, which alone would allow 5 s.
    await expect.poll(async () => ask(two.url, token), { timeout: 1_000, interval: 5 }).toBe(401)
  })
})

test('a database that cannot be reached is answered with a sentence', async () => {
  const host = spawnHost(['--store', 'postgres://nobody@127.0.0.1:1/nothing', '--port', '0'])
  await expect(host.printed(/./)).rejects.toThrow(/The PostgreSQL of --store cannot be reached: connect ECONNREFUSED/)
})
