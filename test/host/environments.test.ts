// Environments share a process and a store, and nothing else: what is good in one is unknown in every other.

import { startRedis } from '@latchkey/test-servers'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { LONG } from '../long.js'
import { EVERY_FRAMEWORK, FRAMEWORKS, type RunningHost, startHost } from './start-host.js'

interface Issued {
  readonly id: string
  readonly token: string
}

interface Page {
  readonly apiTokens: readonly { readonly id: string }[]
  readonly nextPageKey: string | null
  readonly totalCount: number
}

/** Every framework with LATCHKEY_LONG=1. */
describe.each(LONG ? EVERY_FRAMEWORK : FRAMEWORKS)('environments on %s', (framework) => {
  let host: RunningHost
  /** One token each; `default` is the host's own, outside of `/e/`. */
  let tokens: Record<'default' | 'red' | 'blue', Issued>

  beforeAll(async () => {
    host = await startHost(framework)
    tokens = { default: await create(''), red: await create('/e/red'), blue: await create('/e/blue') }
  })
  afterAll(() => host.stop())

  const call = (method: string, path: string, token: string, body?: object) =>
    fetch(host.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })

  async function create(mount: string): Promise<Issued> {
    const input = { name: `of ${mount}`, scopes: ['metrics.read', 'apiTokens.*'] }
    const response = await call('POST', `${mount}/api/v2/apiTokens`, host.adminToken, input)
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toMatch(`${mount}/api/v2/apiTokens/acme.`)
    return (await response.json()) as Issued
  }

  async function list(mount: string, token: string, query = ''): Promise<Page> {
    const response = await call('GET', `${mount}/api/v2/apiTokens${query}`, token)
    expect(response.status).toBe(200)
    return (await response.json()) as Page
  }

  /** All of an answer that a stranger could compare. */
  async function whole(response: Response) {
    const headers = Object.fromEntries(response.headers)
    delete headers.date
    return { status: response.status, headers, body: await response.text() }
  }

  const MOUNTS = [
    { home: 'default', mount: '' },
    { home: 'red', mount: '/e/red' },
    { home: 'blue', mount: '/e/blue' },
  ] as const
  const pairs = MOUNTS.flatMap(({ home }) =>
    MOUNTS.filter((there) => there.home !== home).map((there) => ({ home, there: there.mount })),
  )

  test.each(pairs)('a token of $home is unknown at "$there", also right after its use', async ({ home, there }) => {
    const { token, id } = tokens[home]
    const mine = home === 'default' ? '' : `/e/${home}`
    // Of the same form, with a good checksum, and made by nobody here.
    const { token: deleted, id: gone } = await create(there)
    expect((await call('DELETE', `${there}/api/v2/apiTokens/${gone}`, host.adminToken)).status).toBe(204)

    for (const path of ['/metrics', '/api/v2/apiTokens', '/api/v2/apiTokens/self', `/api/v2/apiTokens/${id}`]) {
      const unknown = await whole(await call('GET', there + path, deleted))
      expect(unknown.status).toBe(401)
      expect((await call('GET', mine + path, token)).status).toBe(200)
      expect(await whole(await call('GET', there + path, token))).toEqual(unknown)
      // And back: the refusal there changes nothing at home.
      expect((await call('GET', mine + path, token)).status).toBe(200)
    }
  })

  test('a token is listed, shown, looked up and revoked in its own environment only', async () => {
    for (const { home, mount } of MOUNTS) {
      const { apiTokens } = await list(mount, tokens[home].token)
      const here = apiTokens.map(({ id }) => id)
      expect(here).toContain(tokens[home].id)
      for (const other of MOUNTS.filter((each) => each.home !== home)) {
        const foreign = tokens[other.home]
        expect(here).not.toContain(foreign.id)
        const tokensPath = `${mount}/api/v2/apiTokens`
        const { token } = tokens[home]
        expect((await call('GET', `${tokensPath}/${foreign.id}`, token)).status).toBe(404)
        expect((await call('DELETE', `${tokensPath}/${foreign.id}`, token)).status).toBe(404)
        expect((await call('DELETE', `${tokensPath}/${foreign.token}`, token)).status).toBe(404)
        expect((await call('POST', `${tokensPath}/lookup`, token, { token: foreign.token })).status).toBe(404)
        expect((await call('POST', `${tokensPath}/revoke`, token, { token: foreign.token })).status).toBe(204)
        expect((await call('GET', `${other.mount}/metrics`, foreign.token)).status).toBe(200)
      }
    }
  })

  test('only an all-powerful token of the host itself manages other environments', async () => {
    expect((await call('GET', '/e/red/api/v2/apiTokens', tokens.default.token)).status).toBe(401)
    const all = await call('POST', '/e/red/api/v2/apiTokens', host.adminToken, { name: 'all', scopes: ['*'] })
    const { token } = (await all.json()) as Issued
    expect((await call('GET', '/e/red/api/v2/apiTokens', token)).status).toBe(200)
    expect((await call('GET', '/e/blue/api/v2/apiTokens', token)).status).toBe(401)
    expect((await call('GET', '/api/v2/apiTokens', token)).status).toBe(401)
    // Nor does a token without the admin right act for other owners at home.
    const writing = { name: 'writer', scopes: ['apiTokens.write', 'metrics.read'] }
    const writer = (await (await call('POST', '/e/red/api/v2/apiTokens', token, writing)).json()) as Issued
    const other = { name: 'other', owner: 'bob', scopes: ['metrics.read'] }
    expect((await call('POST', '/e/red/api/v2/apiTokens', writer.token, other)).status).toBe(403)
    // The host's own token is nobody to the guards of an environment.
    expect((await call('GET', '/e/red/metrics', host.adminToken)).status).toBe(401)
  })

  test('a cursor of one environment is refused in another', async () => {
    await Promise.all(Array.from({ length: 101 }, () => create('/e/large')))
    const { nextPageKey, totalCount } = await list('/e/large', host.adminToken, '?pageSize=100')
    expect(totalCount).toBe(101)
    const next = `/api/v2/apiTokens?nextPageKey=${nextPageKey}`
    expect((await call('GET', `/e/large${next}`, host.adminToken)).status).toBe(200)
    for (const mount of ['/e/red', '']) {
      const refused = await call('GET', mount + next, host.adminToken)
      expect(refused.status).toBe(400)
      expect(await refused.json()).toMatchObject({ error: { constraintViolations: [{ path: 'nextPageKey' }] } })
    }
  })

  test.each([
    'Red',
    '-red',
    '1',
    'r_d',
    'r.d',
    'r'.repeat(31),
    '..%2Fred',
    'r%00',
    '%20',
    'r%C3%A9d',
    '%E0%A4',
    '__proto__',
  ])('there is no environment %s', async (name) => {
    for (const path of ['/metrics', '/api/v2/apiTokens', '/api/v2/apiTokens/openapi.json']) {
      const answer = await call('GET', `/e/${name}${path}`, host.adminToken)
      expect(answer.status).toBe(404)
      expect(await answer.text()).not.toMatch(/^\s*at /m)
    }
  })

  // Last: it uses up what there is.
  test('at most 100 environments are opened, whoever asks', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 120; i++) statuses.push((await call('GET', `/e/name-${i}/metrics`, 'nobody')).status)
    const refused = statuses.indexOf(404)
    // Some are in use already.
    expect(refused).toBeGreaterThan(90)
    expect(refused).toBeLessThanOrEqual(100)
    expect(new Set(statuses.slice(0, refused))).toEqual(new Set([401]))
    expect(new Set(statuses.slice(refused))).toEqual(new Set([404]))
    expect((await call('GET', '/e/red/metrics', tokens.red.token)).status).toBe(200)
  })
})

// Who may manage an environment of the example host is told by the host's own tokens, which may be unreadable alone.
test.each(FRAMEWORKS)(
  'on %s a host that cannot check its own tokens answers 503, not "somebody else"',
  async (framework) => {
    const redis = await startRedis()
    onTestFinished(redis.stop)
    const host = await startHost(framework, `redis://127.0.0.1:${redis.port}`)
    onTestFinished(async () => void (await host.stop('SIGKILL')))
    const { url, adminToken } = host
    const created = await fetch(`${url}/api/v2/apiTokens`, {
      method: 'POST',
      headers: { 'X-API-Key': adminToken, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'second', scopes: ['*'] }),
    })
    const { id, token } = (await created.json()) as { id: string; token: string }
    const list = async () => {
      const answer = await fetch(`${url}/e/red/api/v2/apiTokens`, { headers: { 'X-API-Key': token } })
      return [answer.status, answer.headers.get('retry-after')]
    }
    // Its record, and no other, becomes something that the store cannot read.
    const publicPart = id.slice(id.indexOf('.') + 1)
    const keys = (await redis.command('KEYS', `*${publicPart}*`)) as readonly string[]
    expect(keys).toHaveLength(1)
    await redis.command('RENAME', keys[0] ?? '', 'aside')
    await redis.command('SET', keys[0] ?? '', 'no record')
    expect(await list()).toEqual([503, '1'])
    await redis.command('RENAME', 'aside', keys[0] ?? '')
    expect(await list()).toEqual([200, null])
  },
)
