import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FRAMEWORKS, type SpawnedHost, spawnHost } from './start-host.js'

let folder: string
const running: SpawnedHost[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-host-'))
})

afterEach(async () => {
  await Promise.all(running.splice(0).map((host) => host.stop('SIGKILL')))
  rmSync(folder, { recursive: true })
})

function start(...args: string[]): SpawnedHost {
  const host = spawnHost(['--store', `sqlite:${join(folder, 'tokens.sqlite')}`, '--port', '0', ...args])
  running.push(host)
  return host
}

async function json(host: SpawnedHost): Promise<{ url: string; adminToken: string | null }> {
  return JSON.parse((await host.printed(/^.*\n/))[0])
}

async function status(url: string, token: string | null): Promise<number> {
  return (await fetch(`${url}/metrics`, { headers: { 'X-API-Key': String(token) } })).status
}

test.each(FRAMEWORKS)('on %s, tokens outlive a restart, and the admin token is shown once', async (framework) => {
  const first = start('--json', '--framework', framework)
  const before = await json(first)
  expect(await status(before.url, before.adminToken)).toBe(200)
  expect(await first.stop()).toMatchObject({ code: 0 })

  const second = start('--json', '--framework', framework)
  const after = await json(second)
  expect(after.adminToken).toBeNull()
  expect(await status(after.url, before.adminToken)).toBe(200)
})

test('a second start says how to reset the admin token, and the reset ends the old one', async () => {
  const first = start('--json')
  const { adminToken: old } = await json(first)
  await first.stop()

  const second = start()
  await second.printed(/--reset-admin/)
  expect(second.stdout()).not.toMatch(/[A-Z2-7]{64}/)
  await second.stop()

  const third = start('--json', '--reset-admin')
  const { url, adminToken: fresh } = await json(third)
  expect(await status(url, old)).toBe(401)
  expect(await status(url, fresh)).toBe(200)
})

test('two hosts on one file: a token deleted at one is refused at the other', async () => {
  const one = await json(start('--json'))
  const two = await json(start('--json'))
  const authorization = { 'X-API-Key': String(one.adminToken), 'Content-Type': 'application/json' }
  const created = await fetch(`${one.url}/api/v2/apiTokens`, {
    method: 'POST',
    headers: authorization,
    body: JSON.stringify({ name: 'short', scopes: ['metrics.read'] }),
  })
  const { id, token } = (await created.json()) as { id: string; token: string }
  expect(await status(two.url, token)).toBe(200)
  const deleted = await fetch(`${one.url}/api/v2/apiTokens/${id}`, { method: 'DELETE', headers: authorization })
  expect(deleted.status).toBe(204)
  expect(await status(one.url, token)).toBe(401)
  // The other node's bound is what its watch takes: well below the ttl of its cache, which alone would allow 5 s.
  const deadline = Date.now() + 1_000
  let seen = 200
  while (seen === 200 && Date.now() < deadline) seen = await status(two.url, token)
  expect(seen).toBe(401)
})
