// The examples as their readers run them: compiled, in processes of their own.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRedis } from '@latchkey/test-servers'
import { storeContract } from '@latchkey/testkit'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { mustRun, runProgram } from '../run-program.js'
import { endExamples, startExample } from './start-example.js'

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

describe.each(['express', 'koa'])('%s', (name) => {
  test('guards by scope, manages tokens, and ends cleanly', async () => {
    const { origin, output, stop } = await startExample(program(name))
    const admin = /Bearer (\S+)'/.exec(output)?.[1]
    expect(await statusOf(`${origin}/reports`, admin, 'POST')).toBe(201)

    const body = { name: 'reader', scopes: ['reports.read'] }
    const { token } = await answerOf(send('POST', `${origin}/api/v2/apiTokens`, bearer(admin), body))
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
    const body = { name: 'office', scopes: ['reports.read'], allowedCIDRBlocks: ['192.0.2.0/24'] }
    const { token } = await answerOf(send('POST', `${origin}/api/v2/apiTokens`, bearer(admin), body))
    const from = async (forwarded: string) =>
      (await send('GET', `${origin}/reports`, { ...bearer(token), 'X-Forwarded-For': forwarded })).status
    expect(await from('192.0.2.7')).toBe(200)
    expect(await from('203.0.113.7')).toBe(403)
    // What the client itself wrote stands in front of what the proxy added.
    expect(await from('192.0.2.7, 203.0.113.7')).toBe(403)
  })
})

describe('own-sign-in', () => {
  async function signedIn(origin: string, name: string, password: string): Promise<Record<string, string>> {
    const response = await fetch(`${origin}/sign-in`, { method: 'POST', ...json({ name, password }) })
    expect(response.status).toBe(204)
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/HttpOnly; Secure; SameSite=Strict/)
    return { cookie: cookie.split(';')[0] ?? '', 'Sec-Fetch-Site': 'same-origin' }
  }

  test('people make tokens of their own, with no more than they may do, until they leave', async () => {
    const { origin, output } = await startExample(program('own-sign-in'))
    const passwords = JSON.parse(output)
    const tokens = `${origin}/account/tokens`
    const bob = await signedIn(origin, 'bob', passwords.bob)
    const ada = await signedIn(origin, 'ada', passwords.ada)
    const wanted = { name: 'laptop', scopes: ['reports.read'] }

    const { id, token } = await answerOf(send('POST', tokens, bob, wanted))
    expect(await (await send('GET', `${tokens}/${id}`, bob)).json()).toMatchObject({
      owner: 'bob',
      personalAccessToken: true,
    })
    expect((await send('GET', `${tokens}/${id}`, ada)).status).toBe(404)
    expect((await send('POST', tokens, bob, { name: 'more', scopes: ['reports.write'] })).status).toBe(403)

    expect(await statusOf(`${origin}/reports`, token)).toBe(200)
    expect(await statusOf(`${origin}/people/bob`, passwords.admin, 'DELETE')).toBe(204)
    expect(await statusOf(`${origin}/reports`, token)).toBe(401)
  })

  test('a wrong password, no session and a request of another site are refused', async () => {
    const { origin, output } = await startExample(program('own-sign-in'))
    const wrong = await fetch(`${origin}/sign-in`, { method: 'POST', ...json({ name: 'ada', password: 'guess' }) })
    expect(wrong.status).toBe(401)
    const tokens = `${origin}/account/tokens`
    const ada = await signedIn(origin, 'ada', JSON.parse(output).ada)
    expect((await send('GET', tokens, ada)).status).toBe(200)
    expect((await send('GET', tokens, { ...ada, cookie: 'session=' })).status).toBe(401)
    expect((await send('GET', tokens, { ...ada, 'Sec-Fetch-Site': 'cross-site' })).status).toBe(401)
  })
})

test('environments: a token of one is unknown in the other, also right after its use', async () => {
  const { origin, output, stop } = await startExample(program('environments'))
  const { production, staging } = JSON.parse(output)
  expect(await statusOf(`${origin}/production/reports`, production)).toBe(200)
  expect(await statusOf(`${origin}/staging/reports`, production)).toBe(401)
  expect(await statusOf(`${origin}/staging/reports`, staging)).toBe(200)
  const listed = await send('GET', `${origin}/staging/api/v2/apiTokens`, bearer(staging))
  expect(await listed.json()).toMatchObject({ totalCount: 1 })
  expect(await statusOf(`${origin}/elsewhere/reports`, production)).toBe(404)
  expect(await stop()).toBe(0)
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
      const tokens = `${host.origin}/api/v2/apiTokens`
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
