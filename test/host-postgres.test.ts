// The example host on PostgreSQL: its first token, a restart, a reset, and a second host on the same database.
import { type PostgresServer, startPostgres } from '@latchkey/test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { FRAMEWORKS, type SpawnedHost, spawnHost } from './start-host.js'

let postgres: PostgresServer
let databases = 0
let url: string
const running: SpawnedHost[] = []

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => postgres.stop())

beforeEach(async () => {
  const name = `hosts${++databases}`
  await postgres.query(`create database ${name}`)
  url = postgres.url.replace(/postgres$/, name)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.stop('SIGKILL')))
})

function start(...args: string[]): SpawnedHost {
  const host = spawnHost(['--store', url, '--port', '0', ...args])
  running.push(host)
  return host
}

async function json(host: SpawnedHost): Promise<{ url: string; adminToken: string | null }> {
  return JSON.parse((await host.printed(/^.*\n/))[0])
}

/** Asks again while the store does not answer in time, as on a busy machine. */
async function status(at: string, token: string | null): Promise<number> {
  let answered = 503
  await expect
    .poll(async () => {
      answered = (await fetch(`${at}/metrics`, { headers: { 'X-API-Key': String(token) } })).status
      return answered
    })
    .not.toBe(503)
  return answered
}

test.each(FRAMEWORKS)('on %s, tokens outlive a restart, and the admin token is shown once', async (framework) => {
  const first = start('--json', '--framework', framework)
  const before = await json(first)
  expect(await status(before.url, before.adminToken)).toBe(200)
  expect(await first.stop()).toMatchObject({ code: 0 })

  const after = await json(start('--json', '--framework', framework))
  expect(after.adminToken).toBeNull()
  expect(await status(after.url, before.adminToken)).toBe(200)
})

test('a second start says how to reset the admin token, without the password, and the reset ends the old one', async () => {
  const first = start('--json')
  const { adminToken: old } = await json(first)
  await first.stop()

  url = url.replace('latchkey@', 'latchkey:hunter2@')
  const second = start()
  await second.printed(/--reset-admin/)
  expect(second.stdout()).not.toMatch(/[A-Z2-7]{64}|hunter2/)
  await second.stop()

  const third = await json(start('--json', '--reset-admin'))
  expect(await status(third.url, old)).toBe(401)
  expect(await status(third.url, third.adminToken)).toBe(200)
})

test('two hosts on one database: a token deleted at one is refused at the other', async () => {
  const one = await json(start('--json'))
  const two = await json(start('--json', '--framework', 'koa'))
  const headers = { 'X-API-Key': String(one.adminToken), 'Content-Type': 'application/json' }
  const created = await fetch(`${one.url}/api/v2/apiTokens`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'short', scopes: ['metrics.read'] }),
  })
  const { id, token } = (await created.json()) as { id: string; token: string }
  expect(await status(two.url, token)).toBe(200)
  const deleted = await fetch(`${one.url}/api/v2/apiTokens/${id}`, { method: 'DELETE', headers })
  expect(deleted.status).toBe(204)
  expect(await status(one.url, token)).toBe(401)
  // Well below the ttl of the other host's cache, which alone would allow 5 s.
  await expect.poll(async () => status(two.url, token), { timeout: 1_000, interval: 5 }).toBe(401)
})

test('a database that cannot be reached is answered with a sentence', async () => {
  const host = spawnHost(['--store', 'postgres://nobody@127.0.0.1:1/nothing', '--port', '0'])
  await expect(host.printed(/./)).rejects.toThrow(/The PostgreSQL of --store cannot be reached: connect ECONNREFUSED/)
})
