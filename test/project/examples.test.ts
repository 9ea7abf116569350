// The examples as their readers run them: compiled, in processes of their own.
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '@latchkey/test-servers'
import { storeContract } from '@latchkey/testkit'
import { Redis } from 'ioredis'
import Database from 'libsql'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { mustRun, runProgram } from '../run-program.js'
import { endExamples, type RunningExample, startExample } from './start-example.js'

const examples = join(import.meta.dirname, '../../examples')
const program = (name: string) => join(examples, `dist/${name}.js`)

afterEach(endExamples)

const bearer = (token: string | undefined) => ({ Authorization: `Bearer ${token}` })
const json = (body: object) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })

/** Sends JSON with more headers. */
function send(method: string, url: string, headers: Record<string, string>, body?: object): Promise<Response> {
  const content = body && json(body)
  return fetch(url, { method, ...content, headers: { ...content?.headers, ...headers } })
}

/** The answer's JSON, of which a test knows what it should hold. */
async function answerOf(response: Promise<Response>): Promise<Record<string, string>> {
  return (await (await response).json()) as Record<string, string>
}

async function statusOf(url: string, token: string | undefined, method = 'GET'): Promise<number> {
  return (await send(method, url, bearer(token))).status
}

/** The token in the line that an example prints to paste. */
async function firstToken({ printed }: Pick<RunningExample, 'printed'>): Promise<string> {
  return vi.waitFor(() => {
    const token = /Bearer (\S+)'/.exec(printed())?.[1]
    if (token === undefined) throw new Error('no token was printed')
    return token
  })
}

describe.each(['express', 'fastify', 'koa', 'hono'])('%s', (name) => {
  test('guards by scope, manages tokens, and ends cleanly', async () => {
    const { origin, output, stop } = await startExample(program(name))
    const admin = /Bearer (\S+)'/.exec(output)?.[1]
    expect(await statusOf(`${origin}/reports`, admin, 'POST')).toBe(201)

    const body = { name: 'reader', scopes: ['reports.read'] }
    const { token } = await answerOf(send('POST', `${origin}/tokens`, bearer(admin), body))
    const read = await send('GET', `${origin}/reports`, bearer(token))
    expect(await read.json()).toEqual({ reports: [], readBy: 'admin' })
    const refused = await send('POST', `${origin}/reports`, bearer(token))
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('scope="reports.write"')
    expect(await stop()).toBe(0)
  })

  test('believes the proxy on this machine', async () => {
    const { origin, output } = await startExample(program(name))
    const admin = /Bearer (\S+)'/.exec(output)?.[1]
    const body = { name: 'office', scopes: ['reports.read'], networks: ['192.0.2.0/24'] }
    const { token } = await answerOf(send('POST', `${origin}/tokens`, bearer(admin), body))
    const from = async (forwarded: string) =>
      (await send('GET', `${origin}/reports`, { ...bearer(token), 'X-Forwarded-For': forwarded })).status
    expect(await from('192.0.2.7')).toBe(200)
    expect(await from('203.0.113.7')).toBe(403)
    // What the client itself wrote stands in front of what the proxy added.
    expect(await from('192.0.2.7, 203.0.113.7')).toBe(403)
  })
})

test('a CommonJS service makes its first token, and ends cleanly', async () => {
  const { origin, output, stop } = await startExample(join(examples, '../test/matrix/host/start.js'))
  const token = /shown this once: (\S+)/.exec(output)?.[1]
  expect(await answerOf(send('GET', `${origin}/reports`, bearer(token)))).toEqual({ readBy: 'admin' })
  expect((await fetch(`${origin}/reports`)).status).toBe(401)
  expect(await stop()).toBe(0)
})

test('nestjs: token routes below the global prefix, scopes by a decorator, and a clean end', async () => {
  const example = await startExample(join(examples, 'nestjs/dist/main.js'))
  const admin = await firstToken(example)
  const tokens = `${example.origin}/api/tokens`
  const reports = `${example.origin}/api/reports`
  const created = await send('POST', tokens, bearer(admin), { name: 'reader', scopes: ['reports.read'] })
  const { id, token } = (await created.json()) as Record<string, string>
  expect(created.headers.get('location')).toBe(`/api/tokens/${id}`)
  expect(await statusOf(`${tokens}/${id}`, admin)).toBe(200)

  expect(await answerOf(send('GET', reports, bearer(token)))).toEqual({ reports: [], readBy: 'admin' })
  const refused = await send('POST', reports, bearer(token))
  expect(refused.status).toBe(403)
  expect(refused.headers.get('www-authenticate')).toContain('scope="reports.read reports.write"')
  expect(await refused.json()).toMatchObject({ status: 403, code: 'ERR_SCOPE' })
  expect(await statusOf(reports, admin, 'POST')).toBe(201)
  expect((await fetch(reports)).status).toBe(401)
  expect((await fetch(tokens)).status).toBe(401)

  await example.stop()
  expect(example.printed()).toContain('The last uses of tokens are written')
  expect(example.printed()).not.toContain('WARN')
})

describe.each(['own-sign-in', 'own-sign-in/koa'])('%s', (name) => {
  async function signedIn(origin: string, who: string, password: string): Promise<Record<string, string>> {
    const response = await fetch(`${origin}/sign-in`, { method: 'POST', ...json({ name: who, password }) })
    expect(response.status).toBe(204)
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/HttpOnly; Secure; SameSite=Strict/)
    return { cookie: cookie.split(';')[0] ?? '', 'Sec-Fetch-Site': 'same-origin' }
  }

  test('people make tokens of their own, with no more than they may do, until they leave', async () => {
    const { origin, output } = await startExample(program(name))
    const passwords = JSON.parse(output)
    const tokens = `${origin}/account/tokens`
    const bob = await signedIn(origin, 'bob', passwords.bob)
    const ada = await signedIn(origin, 'ada', passwords.ada)
    const wanted = { name: 'laptop', scopes: ['reports.read'] }

    const { id, token } = await answerOf(send('POST', tokens, bob, wanted))
    expect(await (await send('GET', `${tokens}/${id}`, bob)).json()).toMatchObject({
      owner: 'bob',
      personal: true,
    })
    expect((await send('GET', `${tokens}/${id}`, ada)).status).toBe(404)
    expect((await send('POST', tokens, bob, { name: 'more', scopes: ['reports.write'] })).status).toBe(403)

    expect(await statusOf(`${origin}/reports`, token)).toBe(200)
    expect(await statusOf(`${origin}/people/bob`, passwords.admin, 'DELETE')).toBe(204)
    expect(await statusOf(`${origin}/reports`, token)).toBe(401)
  })

  test('a wrong password and no session are refused', async () => {
    const { origin, output } = await startExample(program(name))
    const wrong = await fetch(`${origin}/sign-in`, { method: 'POST', ...json({ name: 'ada', password: 'guess' }) })
    expect(wrong.status).toBe(401)
    const tokens = `${origin}/account/tokens`
    const { ada: password } = JSON.parse(output)
    const ada = await signedIn(origin, 'ada', password)
    expect((await send('GET', tokens, ada)).status).toBe(200)
    expect((await send('GET', tokens, { ...ada, cookie: 'session=' })).status).toBe(401)

    // The form leads to the first page, from which a link leads to the tokens page.
    const form = { method: 'POST', body: new URLSearchParams({ name: 'ada', password }) }
    const entered = await fetch(`${origin}/sign-in`, { ...form, redirect: 'manual' })
    expect([entered.status, entered.headers.get('location')]).toEqual([303, '/'])
    const { cookie = '' } = ada
    const home = await (await fetch(`${origin}/`, { headers: { cookie } })).text()
    const [, page = ''] = /href="([^"]+)"/.exec(home) ?? []
    expect(await (await fetch(`${origin}${page}`)).text()).toContain('<title>API tokens</title>')
    await fetch(`${origin}/sign-out`, { method: 'POST', headers: { cookie }, redirect: 'manual' })
    expect((await send('GET', tokens, ada)).status).toBe(401)
  })

  test('a page of another site changes nothing with the cookie of its visitor', async () => {
    const { origin, output } = await startExample(program(name))
    const tokens = `${origin}/account/tokens`
    const ada = await signedIn(origin, 'ada', JSON.parse(output).ada)
    const { id, token } = await answerOf(send('POST', tokens, ada, { name: 'laptop', scopes: ['reports.read'] }))
    const { cookie = '' } = ada
    const shown = async () => (await send('GET', `${tokens}/${id}`, ada)).json()
    const before = await shown()
    for (const sent of [
      { cookie, 'Sec-Fetch-Site': 'cross-site' },
      { cookie, 'Sec-Fetch-Site': 'same-site' },
      { cookie, Origin: 'https://evil.example' },
      { cookie, Origin: 'null' },
    ]) {
      // As a form sends it, which needs no leave of the browser.
      const form = { ...sent, 'Content-Type': 'application/x-www-form-urlencoded' }
      const rotated = await fetch(`${tokens}/${id}/rotate`, { method: 'POST', headers: form })
      expect(rotated.status).toBe(403)
      expect((await send('DELETE', `${tokens}/${id}`, sent)).status).toBe(403)
      expect((await send('POST', tokens, sent, { name: 'theirs', scopes: ['reports.read'] })).status).toBe(403)
    }
    expect(await shown()).toEqual(before)
    expect(await statusOf(`${origin}/reports`, token)).toBe(200)
    expect(await (await send('GET', tokens, ada)).json()).toMatchObject({ total: 1 })
  })
})

test('environments: a token of one is unknown in the other, also right after its use', async () => {
  const { origin, output, stop } = await startExample(program('environments'))
  const { production, staging } = JSON.parse(output)
  expect(await statusOf(`${origin}/production/reports`, production)).toBe(200)
  expect(await statusOf(`${origin}/staging/reports`, production)).toBe(401)
  expect(await statusOf(`${origin}/staging/reports`, staging)).toBe(200)
  const listed = await send('GET', `${origin}/staging/tokens`, bearer(staging))
  expect(await listed.json()).toMatchObject({ total: 1 })
  expect(await statusOf(`${origin}/elsewhere/reports`, production)).toBe(404)
  expect(await stop()).toBe(0)
})

test('leak-reports: revokes what a signed report names, and nothing for a forged one', async () => {
  const { code, stdout } = await runProgram(process.execPath, [program('leak-reports')], examples)
  const told = 'to ada: Nightly export was seen at https://git.example/ada/repo/blob/main/.env'
  expect(stdout.trim().split('\n')).toEqual(['forged: 401 true', told, 'signed: true_positive, false_positive false'])
  expect(code).toBe(0)
})

test('custom-store: keeps every promise, and tells of writes without their values', async () => {
  const { code, stdout, stderr } = await runProgram(process.execPath, [program('custom-store')], examples)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const [kept, ...entries] = stdout.trim().split('\n')
  expect(kept).toBe(`${storeContract.length} of ${storeContract.length} promises kept`)
  const [inserted, updated, removed] = entries.map((line) => JSON.parse(line))
  expect(inserted).toEqual({ environment: 'default', operation: 'insert', id: expect.stringMatching(/^acme\./) })
  expect(updated).toEqual({ ...inserted, operation: 'update', members: ['enabled'] })
  expect(removed).toEqual({ ...inserted, operation: 'remove' })
  expect(entries).toHaveLength(3)
})

describe('ci-rotation', () => {
  async function job(checkPath: string) {
    const host = await startExample(program('express'))
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-rotation-'))
    const file = join(folder, 'token')
    try {
      const admin = /Bearer (\S+)'/.exec(host.output)?.[1]
      const tokens = `${host.origin}/tokens`
      const wanted = { name: 'ci', scopes: ['reports.read'] }
      const { token: before = '' } = await answerOf(send('POST', tokens, bearer(admin), wanted))
      await writeFile(file, before)
      const args = [program('ci-rotation'), tokens, `${host.origin}${checkPath}`, file]
      const ended = await runProgram(process.execPath, args, examples)
      const after = (await readFile(file, 'utf8')).trim()
      const { previousSecret } = await answerOf(send('GET', `${tokens}/self`, bearer(after)))
      return {
        ended,
        before,
        after,
        previousSecret,
        status: (token: string) => statusOf(`${host.origin}/reports`, token),
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  test('a job renews its own token: the new secret works, the old one is dead', async () => {
    const { ended, before, after, previousSecret, status } = await job('/reports')
    expect(ended).toEqual({ code: 0, stdout: 'finished: the new secret works, the old one is dead\n', stderr: '' })
    expect(after).not.toBe(before)
    expect(await status(after)).toBe(200)
    expect(await status(before)).toBe(401)
    expect(previousSecret).toBeUndefined()
  })

  test('a new secret that does not work is taken back: the old one stays', async () => {
    const { ended, before, after, previousSecret, status } = await job('/missing')
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/^cancelled: GET \S+\/missing answered 404\n$/)
    expect(after).toBe(before)
    expect(await status(before)).toBe(200)
    expect(previousSecret).toBeUndefined()
  })
})

test('metrics: events and stats become OpenTelemetry metrics', async () => {
  const output = await mustRun(process.execPath, [program('metrics')], examples)
  const points: [string, Record<string, string>, unknown][] = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const environment = 'default'
  const measured = (name: string, attributes: Record<string, string> = { environment }) =>
    points.find((point) => point[0] === name && JSON.stringify(point[1]) === JSON.stringify(attributes))?.[2]

  expect(measured('latchkey.verdicts', { environment, outcome: 'verified' })).toBe(3)
  expect(measured('latchkey.verdicts', { environment, outcome: 'scope' })).toBe(1)
  expect(measured('latchkey.verdicts', { environment, outcome: 'malformed' })).toBe(1)
  expect(measured('latchkey.judged')).toBe(5)
  // The first use of each token takes the store and a proof; the malformed one takes neither, but is no hit.
  expect(measured('latchkey.cache.hits')).toBe(2)
  expect(measured('latchkey.store.reads')).toBe(2)
  expect(measured('latchkey.proofs.waiting')).toBe(0)
  expect(measured('latchkey.lagging')).toBe(0)
  expect(measured('latchkey.uses.written')).toBe(1)
  expect(measured('latchkey.uses.pending')).toBe(0)
  expect(measured('latchkey.store.duration', { environment, operation: 'find' })).toMatchObject({ count: 2 })
  expect(measured('latchkey.cache.miss.duration')).toMatchObject({ count: 2 })
})

test('prometheus: a scrape with a token shows events and stats', async () => {
  const example = await startExample(program('prometheus'))
  const admin = await firstToken(example)
  expect((await fetch(`${example.origin}/metrics`)).status).toBe(401)
  expect(await statusOf(`${example.origin}/reports`, admin)).toBe(200)
  expect(await statusOf(`${example.origin}/reports`, 'acme.nonsense')).toBe(401)
  const rotated = `${example.origin}/tokens/self/rotate`
  const { token } = await answerOf(send('POST', rotated, bearer(admin)))
  expect(await statusOf(`${example.origin}/reports`, admin)).toBe(401)
  const scraped = await send('GET', `${example.origin}/metrics`, bearer(token))
  expect(scraped.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const lines = (await scraped.text()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      // The report, the rotation and the scrape.
      'latchkey_verdicts_total{environment="default",outcome="verified"} 3',
      'latchkey_verdicts_total{environment="default",outcome="no_credential"} 1',
      'latchkey_verdicts_total{environment="default",outcome="malformed"} 1',
      'latchkey_verdicts_total{environment="default",outcome="wrong_secret"} 1',
      'latchkey_management_total{environment="default",action="rotate",outcome="done"} 1',
      'latchkey_reuses_total{environment="default"} 1',
      'latchkey_store_call_seconds_count{environment="default",operation="update"} 1',
      'latchkey_proofs_waiting 0',
      'latchkey_hashes{hash="argon2id"} 1',
    ]),
  )
  expect(await example.stop()).toBe(0)
})

describe('audit', () => {
  test('entries stand in a table, and what cannot be entered is not done', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-audit-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'audit.sqlite')
    const example = await startExample(program('audit'), file)
    const tokens = `${example.origin}/tokens`
    const admin = await firstToken(example)
    const wanted = { name: 'reader', scopes: ['reports.read'] }
    const { id } = await answerOf(send('POST', tokens, bearer(admin), wanted))

    // As a full disk would.
    const database = new Database(file)
    onTestFinished(() => void database.close())
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON token_audit BEGIN SELECT RAISE(ABORT, 'full'); END`)
    const refused = await send('DELETE', `${tokens}/${id}`, bearer(admin))
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await statusOf(`${tokens}/${id}`, admin)).toBe(200)
    database.exec('DROP TRIGGER full')
    expect(await statusOf(`${tokens}/${id}`, admin, 'DELETE')).toBe(204)
    expect(await statusOf(`${tokens}/${id}`, admin)).toBe(404)

    const actor = admin.slice(0, admin.lastIndexOf('.'))
    const rows = database
      .prepare('SELECT action, outcome, actor_kind, actor_id, ip, token_id FROM token_audit')
      .raw(true)
    expect(rows.all()).toEqual([
      ['create', 'begun', 'host', null, null, actor],
      ['create', 'done', 'host', null, null, actor],
      ['create', 'begun', 'token', actor, '127.0.0.1', id],
      ['create', 'done', 'token', actor, '127.0.0.1', id],
      ['delete', 'begun', 'token', actor, '127.0.0.1', id],
      ['delete', 'done', 'token', actor, '127.0.0.1', id],
    ])
    expect(await example.stop()).toBe(0)
  })

  test('entries are lines of JSON; a dead secret and an escalation raise an alert', async () => {
    const example = await startExample(program('alerts'))
    const tokens = `${example.origin}/tokens`
    const admin = await firstToken(example)
    const wanted = { name: 'ci"job', owner: 'ada', scopes: ['apiTokens.write', 'reports.read'] }
    const { id, token } = await answerOf(send('POST', tokens, bearer(admin), wanted))
    const asked = { name: 'more', owner: 'bob', scopes: ['reports.read', 'apiTokens.read'] }
    expect((await send('POST', tokens, bearer(token), asked)).status).toBe(403)
    expect(await statusOf(`${tokens}/self/rotate`, token, 'POST')).toBe(200)
    expect(await statusOf(`${tokens}/self`, token)).toBe(401)
    expect(await example.stop()).toBe(0)

    const lines = example.printed().trim().split('\n')
    const logged = lines.filter((line) => !line.startsWith('curl')).map((line) => JSON.parse(line))
    const entries = logged.filter(({ alert }) => alert === undefined)
    expect(entries.map(({ action, outcome, actor }) => [action, outcome, actor.kind, actor.owner])).toEqual([
      ['create', 'done', 'host', undefined],
      ['create', 'done', 'token', 'admin'],
      ['create', 'refused', 'token', 'ada'],
      ['rotate', 'done', 'token', 'ada'],
    ])
    expect(entries[1]).toMatchObject({ time: expect.stringMatching(/^\d{4}-.*Z$/), token: { id, owner: 'ada' } })
    expect(logged.filter(({ alert }) => alert !== undefined)).toEqual([
      {
        alert: 'somebody asked for more than they have',
        action: 'create',
        actor: { kind: 'token', id, owner: 'ada' },
        ip: '127.0.0.1',
        token: { id: expect.any(String), owner: 'bob', name: 'more' },
        exceeded: ['owner', 'scopes'],
      },
      { alert: 'a dead secret was presented', environment: 'default', id, ip: '127.0.0.1' },
    ])
  })
})

describe.each(['express', 'fastify', 'hono', 'koa'])('limits on %s', (name) => {
  let redis: Awaited<ReturnType<typeof startRedis>>
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  test('an address that guesses is refused, and a token has as many requests as its metadata says', async () => {
    const example = await startExample(program(`limits/${name}`), `redis://127.0.0.1:${redis.port}`)
    const [tokens, reports] = [`${example.origin}/tokens`, `${example.origin}/reports`]
    const admin = await firstToken(example)
    const from = (address: string, token: string) =>
      send('GET', reports, { ...bearer(token), 'X-Forwarded-For': address })
    for (let sent = 0; sent <= 20; sent++) {
      expect((await from('203.0.113.7', 'acme.nonsense')).status).toBe(401)
      expect((await from(`2001:db8::${sent}`, 'acme.nonsense')).status).toBe(401)
    }
    for (const address of ['203.0.113.7', '2001:db8::77']) {
      const refused = await from(address, admin)
      expect(refused.status).toBe(429)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    for (const address of ['203.0.113.8', '2001:db8:0:1::']) expect((await from(address, admin)).status).toBe(200)

    const wanted = { name: 'n', expiresAt: 'now+30d', metadata: { requestsPerMinute: 2 } }
    const scopes = ['reports.read', 'apiTokens.write']
    const { token } = await answerOf(send('POST', tokens, bearer(admin), { ...wanted, scopes }))
    const own = await send('PATCH', `${tokens}/self`, bearer(token), { metadata: { requestsPerMinute: 9 } })
    expect(own.status).toBe(403)
    const told: unknown[] = []
    for (let sent = 0; sent < 3; sent++) {
      const { status, headers } = await send('GET', reports, bearer(token))
      const policy = headers.get('ratelimit-policy') ?? `q=${headers.get('ratelimit-limit')}`
      const left = headers.get('ratelimit') ?? `r=${headers.get('ratelimit-remaining')}`
      told.push([status, /q=(\d+)/.exec(policy)?.[1], /r=(\d+)/.exec(left)?.[1], headers.has('retry-after')])
    }
    expect(told).toEqual([
      [200, '2', '1', false],
      [200, '2', '0', false],
      [429, '2', '0', true],
    ])
    expect((await send('GET', reports, bearer(admin))).status).toBe(200)
    expect((await send('GET', reports, bearer(token))).status).toBe(429)
    expect((await send('GET', reports, {})).status).toBe(401)

    const client = new Redis(redis.port)
    const counted = await client.keys('limit:*')
    client.disconnect()
    expect(counted.map((key) => key.includes('acme.'))).toEqual([true, true])

    await redis.stop()
    const started = performance.now()
    expect((await send('GET', reports, bearer(admin))).status).toBe(200)
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(await example.stop()).toBe(0)
  })
})

test('tokens are bounded in number, life and overlap', async () => {
  const example = await startExample(program('limits/express'))
  const admin = await firstToken(example)
  const wanted = { name: 'n', scopes: ['reports.read'], expiresAt: 'now+30d' }
  const asked = async (path: string, body: object) =>
    (await send('POST', `${example.origin}/tokens${path}`, bearer(admin), body)).status
  expect(await asked('', { ...wanted, expiresAt: 'now+91d' })).toBe(400)
  expect(await asked('/self/rotate', { previousExpiresAt: 'now+8d' })).toBe(400)
  for (let made = 1; made < 10; made++) expect(await asked('', wanted)).toBe(201)
  expect(await asked('', wanted)).toBe(403)
})

describe('behind-a-proxy', () => {
  test('a page of the allowed origin may send a token, and reads the headers that it needs', async () => {
    const { origin, printed } = await startExample(program('behind-a-proxy'))
    const admin = await firstToken({ printed })
    const asked = {
      Origin: 'https://app.example.com',
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'authorization,content-type',
    }
    for (const path of ['/reports', '/tokens/self']) {
      const preflight = await fetch(origin + path, { method: 'OPTIONS', headers: asked })
      expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, asked.Origin])
      expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization')
      const answers = [await fetch(origin + path), await send('GET', origin + path, bearer(admin))]
      expect(answers.map(({ status }) => status)).toEqual([401, 200])
      for (const { headers } of answers)
        expect(headers.get('access-control-expose-headers')).toContain('WWW-Authenticate')
    }
  })

  test('caches keep what is public, and nothing that X-API-Key lets in by itself', async () => {
    const { origin, printed } = await startExample(program('behind-a-proxy'))
    const key = { 'X-API-Key': await firstToken({ printed }) }
    const cacheControl = async (path: string, headers: Record<string, string>) =>
      (await send('GET', origin + path, headers)).headers.get('cache-control')
    expect(await cacheControl('/reports', key)).toBe('private')
    expect(await cacheControl('/prices', key)).toBe('public, max-age=60')
    expect(await cacheControl('/reports', {})).toBe('no-store')
  })

  test('its logs tell of requests, and hold no token', async () => {
    const { origin, printed } = await startExample(program('behind-a-proxy'))
    const admin = await firstToken({ printed })
    const tokens = `${origin}/tokens`
    const { token = '' } = await answerOf(send('POST', tokens, bearer(admin), { name: 'n', scopes: ['reports.read'] }))
    await send('GET', `${origin}/reports?access_token=${token}`, {
      'X-API-Key': token,
      Cookie: `token=${token}`,
      Referer: `https://app.example.com/?token=${token}`,
    })
    const lines = await vi.waitFor(() => {
      const [, ...logged] = printed().trim().split('\n')
      expect(logged).toHaveLength(4)
      return logged
    })
    const [byPino, byMorgan] = [
      lines.filter((line) => line.startsWith('{')),
      lines.filter((line) => !line.startsWith('{')),
    ]
    expect(byPino.map((line) => JSON.parse(line).req.url)).toEqual(['/tokens', '/reports?access_token=[token]'])
    expect(byMorgan[1]).toContain('GET /reports?access_token=[token]')
    for (const secret of [admin, token]) expect(lines.join()).not.toContain(secret.slice(-64))
  })

  test('a WebSocket is opened by a token, and closed when it is revoked', async () => {
    const { origin, printed } = await startExample(program('behind-a-proxy'))
    const admin = await firstToken({ printed })
    const tokens = `${origin}/tokens`
    const wanted = { name: 'office', scopes: ['reports.read'], networks: ['192.0.2.0/24'] }
    const { id, token } = await answerOf(send('POST', tokens, bearer(admin), wanted))
    const opened = (headers: Record<string, string>) => new WebSocket(origin.replace('http', 'ws'), { headers })
    for (const headers of [{}, bearer('acme.nonsense'), bearer(token)]) {
      const [refused] = await once(opened(headers), 'error')
      expect(refused.message).toBe('Unexpected server response: 401')
    }
    const forwarded = { ...bearer(token), 'X-Forwarded-For': '192.0.2.7:51234, 10.1.0.9:443' }
    expect((await send('GET', `${origin}/reports`, forwarded)).status).toBe(200)
    const client = opened(forwarded)
    await once(client, 'open')
    client.send('reports')
    expect(String((await once(client, 'message'))[0])).toBe('{"reports":[]}')
    expect(await statusOf(`${tokens}/${id}`, admin, 'DELETE')).toBe(204)
    client.send('reports')
    expect((await once(client, 'close'))[0]).toBe(1008)
  })
})

test('the example of two nodes shows a revocation crossing', async () => {
  const redis = await startRedis()
  onTestFinished(redis.stop)
  const example = join(import.meta.dirname, '../../examples/dist/two-nodes.js')
  const { code, stdout, stderr } = await runProgram(
    process.execPath,
    [example, `redis://127.0.0.1:${redis.port}`],
    import.meta.dirname,
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n').slice(2, 6)).toEqual([
    'A answers 200 to the new token',
    'B answers 200 to the new token',
    'A has deleted it',
    'A answers 401',
  ])
  const crossing = Number(/^B answers 401, ([\d.]+) ms after/m.exec(stdout)?.[1])
  // Milliseconds, by the channel; the poll alone would allow a second, and the cache five.
  expect(crossing).toBeLessThan(5_000)
})
