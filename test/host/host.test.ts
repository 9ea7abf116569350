// The example host as a person meets it: started as a process, spoken to over HTTP, ended by a signal.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EVERY_FRAMEWORK, type RunningHost, startHost } from './start-host.js'

describe.each(EVERY_FRAMEWORK)('the example host on %s', (framework) => {
  let host: RunningHost

  beforeAll(async () => {
    // As it is by default: with Argon2id.
    host = await startHost(framework, 'memory', { env: { HOST_PEPPER: undefined } })
  })
  afterAll(() => host.stop())

  const call = (method: string, path: string, token?: string, body?: object, headers: Record<string, string> = {}) =>
    fetch(host.url + path, {
      method,
      headers: {
        ...headers,
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })

  async function create(input: object): Promise<{ id: string; token: string }> {
    const response = await call('POST', '/api/v2/apiTokens', host.adminToken, input)
    expect(response.status).toBe(201)
    return (await response.json()) as { id: string; token: string }
  }

  test('--json prints one line: where it listens, and the admin token', () => {
    expect(host.stdout()).toMatch(/^\{.*\}\n$/)
    expect(JSON.parse(host.stdout())).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      adminToken: expect.stringMatching(/^acme\.[A-Z2-7]{24}\.[A-Z2-7]{64}$/),
      page: `${host.url}/tokens/console/#token=${host.adminToken}`,
    })
    expect(host.stderr()).toBe('')
  })

  test('refused without a token, let in with one, refused for a missing scope, refused after deletion', async () => {
    const nobody = await call('GET', '/metrics')
    expect(nobody.status).toBe(401)
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer realm="api"')

    const { id, token } = await create({ name: 'reader', scopes: ['metrics.read'] })
    const reader = await call('GET', '/metrics', token)
    expect(reader.status).toBe(200)
    expect(await reader.json()).toEqual({ metrics: [{ name: 'requests', value: 1 }] })

    const tooMuch = await call('POST', '/metrics', token)
    expect(tooMuch.status).toBe(403)
    expect(tooMuch.headers.get('www-authenticate')).toBe(
      'Bearer realm="api", error="insufficient_scope", scope="metrics.ingest"',
    )

    expect((await call('DELETE', `/api/v2/apiTokens/${id}`, host.adminToken)).status).toBe(204)
    const gone = await call('GET', '/metrics', token)
    expect(gone.status).toBe(401)
    expect(gone.headers.get('www-authenticate')).toBe('Bearer realm="api", error="invalid_token"')
  })

  test('sending metrics takes metrics.ingest, and that does not read them', async () => {
    const { token } = await create({ name: 'sender', scopes: ['metrics.ingest'] })
    const sent = await call('POST', '/metrics', token)
    expect(sent.status).toBe(202)
    expect(await sent.json()).toEqual({ accepted: true })
    expect((await call('GET', '/metrics', token)).status).toBe(403)
  })

  test('/whoami says whose token it is, whatever its scopes', async () => {
    const { id, token } = await create({ name: 'who', scopes: ['logs.read'] })
    const answer = await call('GET', '/whoami', token)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ id, name: 'who', owner: 'admin', scopes: ['logs.read'] })
    expect((await call('GET', '/whoami')).status).toBe(401)
  })

  test('a bound token reads the reports of its projects alone, and is refused where no resource is named', async () => {
    const scopes = ['reports.read', 'metrics.read']
    const { token } = await create({ name: 'one project', scopes, resources: ['project:1'] })
    const statuses = async (...paths: string[]) =>
      Promise.all(paths.map(async (path) => (await call('GET', path, token)).status))
    expect(await statuses('/projects/1/reports', '/projects/2/reports')).toEqual([200, 403])
    expect(await statuses('/metrics', '/whoami')).toEqual([403, 403])
    const all = await call('GET', '/projects/2/reports', host.adminToken)
    expect(await all.json()).toMatchObject({ project: '2' })
  })

  test('a path that is not there is 404, also with a good token', async () => {
    expect((await call('GET', '/metrics/more', host.adminToken)).status).toBe(404)
    expect((await call('DELETE', '/metrics', host.adminToken)).status).toBe(404)
  })

  test('the proxy on this machine is believed: it tells the client, and so where a token may be used', async () => {
    const { id, token } = await create({
      name: 'office',
      scopes: ['metrics.read'],
      allowedCIDRBlocks: ['198.51.100.0/24'],
    })
    const from = (forwarded?: string) =>
      call('GET', '/metrics', token, undefined, forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded })
    expect((await from()).status).toBe(403)
    expect((await from('203.0.113.7')).status).toBe(403)
    // What stands left of the last untrusted hop was written by the client itself.
    expect((await from('198.51.100.7, 203.0.113.7')).status).toBe(403)
    expect((await from('no address')).status).toBe(403)
    expect((await from('203.0.113.7, 198.51.100.7')).status).toBe(200)

    const deadline = Date.now() + 10_000
    let shown: { lastUsedIpAddress?: string } = {}
    while (shown.lastUsedIpAddress === undefined && Date.now() < deadline) {
      shown = (await (await call('GET', `/api/v2/apiTokens/${id}`, host.adminToken)).json()) as typeof shown
    }
    expect(shown.lastUsedIpAddress).toBe('198.51.100.7')
  })

  test("a personal token can do no more than its owner, and a stranger's can do nothing", async () => {
    const mint = async (owner: string, scopes: string[]) => {
      const path = '/e/people/api/v2/apiTokens'
      const made = await call('POST', path, host.adminToken, { name: owner, owner, scopes, personalAccessToken: true })
      expect(made.status).toBe(201)
      return ((await made.json()) as { token: string }).token
    }
    const statuses = async (token: string) => [
      (await call('GET', '/e/people/metrics', token)).status,
      (await call('POST', '/e/people/metrics', token)).status,
    ]
    expect(await statuses(await mint('ada', ['*']))).toEqual([200, 202])
    expect(await statuses(await mint('bob', ['*']))).toEqual([200, 403])
    expect(await statuses(await mint('mallory', ['*']))).toEqual([401, 401])
  })
})
