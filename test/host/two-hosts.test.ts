// Two hosts over one Redis: what one revokes, the other refuses.
import { type RedisServer, startRedis } from '@latchkey/test-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Framework, type SpawnedHost, spawnHost } from './start-host.js'

/** Well below the ttl of the other host's cache, which alone would allow 5 s. */
const BOUND = 1_000
const ROUNDS = 3

interface Created {
  readonly id: string
  readonly token: string
}

describe.each<[Framework, Framework]>([
  ['express', 'koa'],
  ['koa', 'express'],
])('a host on %s writes, a host on %s hears of it', (writer, hearer) => {
  let redis: RedisServer
  let admin: string
  const hosts: SpawnedHost[] = []
  let urls: string[] = []

  beforeAll(async () => {
    redis = await startRedis()
    const started = [writer, hearer].map(async (framework) => {
      const store = `redis://127.0.0.1:${redis.port}`
      const host = spawnHost(['--store', store, '--framework', framework, '--port', '0', '--json'])
      hosts.push(host)
      return JSON.parse((await host.printed(/^.*\n/))[0]) as { url: string; adminToken: string | null }
    })
    const answers = await Promise.all(started)
    urls = answers.map(({ url }) => url)
    // Whoever found the store empty has made one.
    admin = answers.find(({ adminToken }) => adminToken !== null)?.adminToken ?? ''
  })
  afterAll(async () => {
    await Promise.all(hosts.map((host) => host.stop()))
    await redis.stop()
  })

  function call(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`${urls[0]}/api/v2/apiTokens${path}`, {
      method,
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  }

  async function status(url: string | undefined, token: string): Promise<number> {
    const response = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${token}` } })
    await response.arrayBuffer()
    return response.status
  }

  /** What the hearer answers instead of 200, and how long after the write's acknowledgement. */
  async function refusal(token: string): Promise<{ status: number; took: number }> {
    const from = performance.now()
    for (;;) {
      const answer = await status(urls[1], token)
      const took = performance.now() - from
      if (answer !== 200 || took > BOUND) return { status: answer, took }
    }
  }

  const changes: [name: string, refused: number, change: (id: string) => Promise<Response>][] = [
    ['deleted', 401, (id) => call('DELETE', `/${id}`)],
    ['disabled', 401, (id) => call('PUT', `/${id}`, { enabled: false })],
    ['rotated', 401, (id) => call('POST', `/${id}/rotate`, {})],
    ['narrowed', 403, (id) => call('PUT', `/${id}`, { scopes: ['logs.read'] })],
    ['bound to other addresses', 403, (id) => call('PUT', `/${id}`, { allowedCIDRBlocks: ['192.0.2.0/24'] })],
  ]

  test.each(changes)('a token that is %s is refused with %i by both', async (_, refused, change) => {
    for (let round = 0; round < ROUNDS; round++) {
      const created = await call('POST', '', { name: 'crossing', scopes: ['metrics.read'] })
      const { id, token } = (await created.json()) as Created
      expect(await Promise.all(urls.map((url) => status(url, token)))).toEqual([200, 200])

      const changed = await change(id)
      expect(changed.ok).toBe(true)
      const heard = await refusal(token)
      expect(heard.status).toBe(refused)
      expect(heard.took).toBeLessThan(BOUND)
      expect(await status(urls[0], token)).toBe(refused)
    }
  })

  test('a rotated token is let in by both with its new secret', async () => {
    const created = await call('POST', '', { name: 'crossing', scopes: ['metrics.read'] })
    const before = (await created.json()) as Created
    expect(await status(urls[1], before.token)).toBe(200)
    const rotated = await call('POST', `/${before.id}/rotate`, {})
    const { token } = (await rotated.json()) as Created
    expect((await refusal(before.token)).status).toBe(401)
    expect(await Promise.all(urls.map((url) => status(url, token)))).toEqual([200, 200])
  })
})
