// A full round of everything, failures included, and then a search for every secret that was issued.
import { createHash } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { memoryStore } from '@latchkey/core'
import { startRedis } from '@latchkey/test-servers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { searchFor } from '../../tools/secrets/search.mjs'
import { FRAMEWORKS, spawnHost } from '../host/start-host.js'
import { alter, type Call, client, forge, type Reply } from './client.js'
import { temporaryFolder } from './nodes.js'
import { scene } from './scene.js'

interface Issued {
  readonly id: string
  readonly token: string
}

/** Calls as an admin, keeps every secret that is handed out, and every other answer. */
function recorder(call: Call, admin: string) {
  const secrets = [admin]
  const answers: Reply[] = []
  const ask: Call = async (...request) => {
    const reply = await call(...request)
    answers.push(reply)
    return reply
  }
  return {
    secrets,
    answers,
    ask,
    async handOut(path: string, body: object): Promise<Issued> {
      const reply = await call('POST', path, admin, { body })
      expect([200, 201]).toContain(reply.status)
      const { id, token, value } = reply.json<{ id: string; token?: string; value?: string }>()
      secrets.push(token ?? value ?? '')
      return { id, token: token ?? value ?? '' }
    },
  }
}

/** What a record holds of a digest. */
function tagOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 8)
}

const TOKENS = '/api/v2/apiTokens'
const READER = { name: 'reader', scopes: ['metrics.read'], allowedCIDRBlocks: ['127.0.0.0/8'] }

/** Everything that the host can be asked, and much that it refuses. */
async function everything({ ask, handOut }: ReturnType<typeof recorder>, admin: string): Promise<void> {
  const token = await handOut(TOKENS, READER)
  const other = await handOut('/api-tokens', { name: 'panther', permissions: ['metrics.read'] })
  const personal = await handOut(TOKENS, { ...READER, personalAccessToken: true })
  const path = `${TOKENS}/${token.id}`
  for (const { token: secret } of [token, other, personal]) {
    for (const place of ['/metrics', '/whoami', `${TOKENS}/self`, '/api-tokens/self']) await ask('GET', place, secret)
    await ask('POST', '/metrics', secret)
    await ask('GET', '/metrics', undefined, { headers: ['X-API-Key', secret] })
    await ask('GET', '/metrics', secret, { headers: ['X-API-Key', secret] })
    await ask('GET', '/metrics', undefined, { headers: ['Authorization', secret] })
    await ask('GET', `/metrics?access_token=${secret}`)
    await ask('GET', '/metrics', secret, { headers: ['X-Forwarded-For', '203.0.113.9'] })
    for (const bad of [alter(secret, 3), secret.toLowerCase(), secret.slice(0, -1), `${secret}A`, `x${secret}`]) {
      await ask('GET', '/metrics', bad)
    }
    await ask('POST', `${TOKENS}/lookup`, admin, { body: { token: secret } })
    for (const query of [
      `nextPageKey=${secret}`,
      `from=${secret}`,
      `sort=${secret}`,
      `apiTokenSelector=owner(${secret}`,
    ]) {
      await ask('GET', `${TOKENS}?${query}`, admin)
    }
    await ask('GET', `${TOKENS}/${secret}`, admin)
    await ask('POST', TOKENS, admin, { body: `{"name": "${secret}` })
    await ask('POST', TOKENS, admin, { body: { name: [secret], scopes: [secret], expirationDate: secret, owner: 7 } })
    await ask('POST', TOKENS, admin, { body: secret, headers: ['Content-Type', 'text/plain'] })
    await ask('POST', `${TOKENS}/lookup`, admin, { body: { token: [secret] } })
  }
  await ask('POST', '/metrics', admin)
  await ask('GET', TOKENS, admin)
  await ask('GET', '/api-tokens', admin)
  await ask('PUT', path, admin, { body: { name: 'renamed', additionalMetadata: { team: 'x' } } })
  const rotated = await handOut(`${path}/rotate`, { previousSecretExpirationDate: 'now+1h' })
  await ask('POST', `${path}/rotate`, admin, { body: { previousSecretExpirationDate: 'now+1h' } })
  await ask('GET', '/metrics', rotated.token)
  await ask('POST', `${path}/rotate/finish`, admin)
  await ask('GET', '/metrics', token.token) // a reuse
  const again = await handOut(`${path}/rotate`, { previousSecretExpirationDate: 'now+1h' })
  await ask('POST', `${path}/rotate/cancel`, admin)
  await ask('GET', '/metrics', again.token)
  await ask('PUT', path, admin, { body: { enabled: false } })
  await ask('GET', '/metrics', rotated.token)
  await ask('POST', `${path}/rotate`, admin)
  await ask('POST', `${TOKENS}/revoke`, admin, { body: { token: rotated.token } })
  await ask('DELETE', `${TOKENS}/${other.token}`, admin)
  await ask('DELETE', `${TOKENS}/self`, personal.token)
  await ask('GET', `/e/red${TOKENS}`, admin)
  await ask('GET', '/e/red/metrics', admin)
  await ask('GET', '/metrics', forge())
}

/** Where a host keeps its tokens, and how to look at all of it. */
interface Place {
  readonly store: string
  /** Everything that is stored, as it lies there. */
  bytes(): Promise<readonly Buffer[]>
  /** From now on the store fails. */
  fail(): Promise<void>
}

async function sqlitePlace(): Promise<Place> {
  const file = join(temporaryFolder(onTestFinished), 'tokens.sqlite')
  return {
    store: `sqlite:${file}`,
    bytes: async () => [file, `${file}-wal`].filter(existsSync).map((path) => readFileSync(path)),
    async fail() {
      copyFileSync(file, `${file}-copy`)
      renameSync(`${file}-copy`, file)
    },
  }
}

/** A Redis that writes down every command, and whose snapshots can be read. */
async function redisPlace(): Promise<Place> {
  const legible = ['--rdbcompression', 'no', '--aof-use-rdb-preamble', 'no', '--appendonly', 'yes']
  const redis = await startRedis({ args: legible })
  onTestFinished(redis.stop)
  const folder = String(((await redis.command('CONFIG', 'GET', 'dir')) as readonly unknown[])[1])
  return {
    store: `redis://127.0.0.1:${redis.port}`,
    async bytes() {
      await redis.command('SAVE').catch(() => 'it fails by now')
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      expect(files.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['dump.rdb', expect.stringMatching(/^appendonly\.aof/)]),
      )
      return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)))
    },
    fail: () => redis.kill(),
  }
}

describe.each(
  FRAMEWORKS.flatMap((framework) => [
    { framework, kind: 'SQLite', make: sqlitePlace },
    { framework, kind: 'Redis', make: redisPlace },
  ]),
)('on $framework with $kind', ({ framework, make }) => {
  test('16 no secret is in what a verbose host prints, answers and stores', { timeout: 120_000 }, async () => {
    const place = await make()
    const preload = pathToFileURL(join(import.meta.dirname, 'print-events.mjs')).href
    const args = ['--json', '--port', '0', '--framework', framework, '--store', place.store]
    const verbose = { NODE_DEBUG: '*', NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --trace-warnings` }
    const host = spawnHost(args, { preload, env: { HOST_PEPPER: undefined, ...verbose } })
    const [line] = await host.printed(/^.*\n/)
    const { url, adminToken } = JSON.parse(line) as { url: string; adminToken: string }
    const record = recorder(client(url), adminToken)
    await everything(record, adminToken)
    const kept = await record.handOut(TOKENS, { ...READER, name: 'kept until the end' })
    await record.ask('GET', '/metrics', kept.token)
    const deadline = Date.now() + 20_000
    while (!host.stderr().includes('latchkey:flushed') && Date.now() < deadline) await record.ask('GET', '/metrics')
    const stored = [...(await place.bytes())]
    // Now the store fails, and says so.
    await place.fail()
    for (const [method, path] of [
      ['GET', TOKENS],
      ['GET', `${TOKENS}/${kept.id}`],
      ['DELETE', `${TOKENS}/${kept.token}`],
    ] as const) {
      await record.ask(method, path, adminToken)
    }
    await host.stop()
    stored.push(...(await place.bytes()))

    const printed = host.stdout().slice(line.length) + host.stderr()
    for (const event of [
      'verified',
      'denied',
      'created',
      'updated',
      'rotated',
      'deleted',
      'reuse',
      'flushed',
      'store-error',
    ]) {
      expect(printed).toContain(`latchkey:${event}`)
    }
    expect(record.secrets.length).toBeGreaterThan(6)
    expect(new Set(record.answers.map(({ status }) => status))).toEqual(
      new Set([200, 202, 204, 400, 401, 403, 404, 415, 503]),
    )
    const answered = record.answers.map(({ rawHeaders, text }) => rawHeaders.join('\n') + text).join('\n')
    const find = searchFor(record.secrets)
    // It finds what is there.
    for (const secret of record.secrets) expect(find(JSON.stringify({ token: secret })).length).toBeGreaterThan(0)
    expect(find(printed)).toEqual([])
    expect(find(answered)).toEqual([])
    for (const bytes of stored) expect(find(bytes.toString('latin1'))).toEqual([])
    // The store does hold these tokens, and legibly.
    for (const text of [kept.id, 'kept until the end', tagOf(kept.token)]) {
      expect(stored.some((bytes) => bytes.includes(text))).toBe(true)
    }
  })
})

test('16 no secret is in any result but those of create and rotate, nor in an error, an event or the instance itself', async () => {
  const heard: unknown[] = []
  const listen = (message: unknown) => void heard.push(message)
  const events = ['verified', 'denied', 'created', 'updated', 'rotated', 'deleted', 'reuse', 'flushed', 'store-error']
  events.push('cache-miss', 'store-call', 'invalidated')
  for (const event of events) subscribe(`latchkey:${event}`, listen)
  let broken = false
  const inner = memoryStore()
  const store = {
    ...inner,
    async open(environment: string) {
      const opened = await inner.open(environment)
      const find: typeof opened.find = async (id) => {
        if (broken) throw new Error(`no line for ${id}`)
        return opened.find(id)
      }
      return { ...opened, find }
    },
  }
  const { latchkey, issue } = await scene('express', { store })
  const { id, token, apiToken } = await issue({ metadata: { team: 'x' } })
  const rotated = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
  const dead = await issue()
  const renewed = await latchkey.rotate(dead.id)
  const results: unknown[] = [apiToken, rotated.apiToken, renewed.apiToken, latchkey]
  const attempt = async (act: () => unknown) => {
    try {
      results.push(await act())
    } catch (error) {
      results.push(error)
    }
  }
  for (const secret of [token, rotated.token, dead.token, renewed.token, alter(token, 5)]) {
    await attempt(() => latchkey.verify(secret, { scopes: ['logs.read'] }))
    await attempt(() => latchkey.verify(secret))
    await attempt(() => latchkey.verifyCached(secret))
    await attempt(() => latchkey.lookup(secret))
    await attempt(() => latchkey.explain({ token: secret }))
    await attempt(() => latchkey.get(secret))
    await attempt(() => latchkey.rotate(secret))
    await attempt(() => latchkey.update(secret, { name: 'x' }))
    await attempt(() => latchkey.update(id, { name: [secret] as unknown as string }))
    await attempt(() => latchkey.create({ name: '', scopes: [secret], owner: 'o', expiresAt: secret }))
    await attempt(() => latchkey.list({ cursor: secret }))
  }
  await attempt(() => latchkey.list())
  await attempt(() => latchkey.stats())
  await attempt(() => latchkey.flush())
  broken = true
  for (const secret of [token, renewed.token]) {
    await attempt(() => latchkey.lookup(secret))
    await attempt(() => latchkey.delete(secret))
  }
  broken = false
  await attempt(() => latchkey.delete(rotated.token))
  await attempt(() => latchkey.revoke(renewed.token))
  for (const event of events) unsubscribe(`latchkey:${event}`, listen)

  expect(heard.length).toBeGreaterThan(20)
  expect(results.filter((result) => result instanceof Error).length).toBeGreaterThan(20)
  const shown = [...results, ...heard].flatMap((each) => [
    inspect(each, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null, getters: true }),
    JSON.stringify(each) ?? '',
    ...(each instanceof Error ? [each.message, each.stack ?? '', inspect(each.cause, { depth: 5 })] : []),
  ])
  const find = searchFor([token, rotated.token, dead.token, renewed.token])
  for (const text of shown) expect(find(text)).toEqual([])
})
