// Who did what: every management write, done or refused, is told with its actor, and never a secret.
import { createHash, randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { join } from 'node:path'
import {
  type AuditEntry,
  type Caller,
  createLatchkey,
  type LatchkeyOptions,
  memoryStore,
  StoreError,
  type TokenStore,
} from '@latchkey/core'
import { nodeRedis, redisStore } from '@latchkey/store-redis'
import { sqliteStore } from '@latchkey/store-sqlite'
import { startRedis } from '@latchkey/test-servers'
import { testHasher } from '@latchkey/testkit'
import { createClient } from 'redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './nodes.js'
import { FRAMEWORKS, type Scene, scene } from './scene.js'

const WRITER = ['apiTokens.read', 'apiTokens.write', 'reports.read']
const ID = /^acme\.[A-Z2-7]{24}$/

/** What the audit tells while something runs. */
async function auditOf(run: () => Promise<unknown>): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  const note = (message: unknown) => void entries.push(message as AuditEntry)
  subscribe('latchkey:audit', note)
  try {
    await run()
  } finally {
    unsubscribe('latchkey:audit', note)
  }
  return entries
}

const essence = ({ action, outcome, code }: AuditEntry) => [action, outcome, ...(code === undefined ? [] : [code])]

interface Written {
  readonly host: Scene
  readonly entries: readonly AuditEntry[]
  readonly secrets: readonly string[]
}

/** Every management write once, by a token. */
async function writeEverything(host: Scene): Promise<Written & { readonly caller: string }> {
  const { call, issue } = host
  const caller = await issue({ owner: 'alice', scopes: WRITER })
  const secrets = [caller.token]
  const entries = await auditOf(async () => {
    const ask = async (method: string, path: string, body?: object) => {
      const reply = await call(method, `/tokens${path}`, caller.token, { body })
      expect(reply.status, `${method} ${path} ${reply.text}`).toBeLessThan(300)
      const { id = '', token = '' } = reply.text === '' ? {} : reply.json<{ id?: string; token?: string }>()
      secrets.push(token)
      return { id, token }
    }
    const made = await ask('POST', '', { name: 'made', scopes: ['reports.read'] })
    await ask('PUT', `/${made.id}`, { name: 'renamed', scopes: ['reports.read'], enabled: false })
    await ask('PUT', `/${made.id}`, { enabled: true })
    await ask('POST', `/${made.id}/rotate`, { previousSecretExpirationDate: 'now+1h' })
    await ask('POST', `/${made.id}/rotate/finish`)
    await ask('POST', `/${made.id}/rotate`, { previousSecretExpirationDate: 'now+1h' })
    await ask('POST', `/${made.id}/rotate/cancel`)
    await ask('DELETE', `/${made.id}`)
    const other = await ask('POST', '', { name: 'other', scopes: ['reports.read'] })
    await ask('POST', '/revoke', { token: other.token })
    // Nothing is changed, so nothing is told.
    await ask('POST', '/revoke', { token: other.token })
    await ask('PUT', '/self', { name: 'report' })
    await ask('GET', '')
  })
  return { host, entries, secrets: secrets.filter((secret) => secret !== ''), caller: caller.id }
}

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test('28 every management write is told once, with its actor, its token and what changed', async () => {
    const { entries, secrets, caller } = await writeEverything(await scene(framework))
    expect(entries.map(essence)).toEqual(
      ['create', 'update', 'update', 'rotate', 'finish', 'rotate', 'cancel', 'delete', 'create', 'revoke'].map(
        (action) => [action, 'done'],
      ),
    )
    for (const entry of entries) {
      expect(entry.actor).toEqual({ kind: 'token', id: caller, owner: 'alice' })
      expect(entry.ip).toBe('127.0.0.1')
      expect(entry.token).toEqual({ id: expect.stringMatching(ID), owner: 'alice', name: expect.any(String) })
    }
    expect(entries[0]?.changes).toMatchObject({
      name: { to: 'made' },
      owner: { to: 'alice' },
      scopes: { to: ['reports.read'] },
    })
    expect(entries[1]?.changes).toEqual({ name: { from: 'made', to: 'renamed' }, enabled: { from: true, to: false } })
    expect(entries[2]?.changes).toEqual({ enabled: { from: false, to: true } })
    const text = JSON.stringify(entries)
    for (const secret of secrets) expect(text).not.toContain(secret.slice(-64))
    expect(text).not.toMatch(/\$hmac|\$argon2|"tag"|"hash"/)
  })

  test('28 every refused write is told with what was exceeded: before the body is read, after it, and at the write', async () => {
    const { call, issue, latchkey } = await scene(framework)
    const reader = await issue({ owner: 'rita' })
    const writer = await issue({ owner: 'mallory', scopes: WRITER })
    const away = await issue({ owner: 'otto', scopes: WRITER, networks: ['192.0.2.0/24'] })
    const victim = await issue({ owner: 'victor', name: 'v', scopes: ['logs.read'] })
    const off = await issue({ owner: 'mallory', enabled: false })
    const own = { kind: 'token', id: writer.id, owner: 'mallory' }
    const cases: readonly (readonly [
      by: { id: string; token: string; apiToken: { owner: string } },
      method: string,
      path: string,
      body: object | string | undefined,
      expected: object,
    ])[] = [
      [reader, 'POST', '', { name: 'n', scopes: ['a'] }, { action: 'create', code: 'ERR_NOT_ALLOWED' }],
      [
        reader,
        'DELETE',
        `/${victim.id}`,
        undefined,
        { action: 'delete', code: 'ERR_NOT_ALLOWED', token: { id: victim.id } },
      ],
      [
        away,
        'PUT',
        `/${victim.id}`,
        { enabled: false },
        { action: 'update', code: 'ERR_NOT_ALLOWED', token: { id: victim.id } },
      ],
      [writer, 'POST', '', '{', { action: 'create', code: 'ERR_INVALID_INPUT' }],
      [writer, 'POST', '', 'x'.repeat(70_000), { action: 'create', code: 'ERR_TOO_LARGE' }],
      [writer, 'POST', '', { name: '', scopes: ['a'] }, { action: 'create', code: 'ERR_INVALID_INPUT' }],
      [
        writer,
        'POST',
        `/${victim.id}/rotate`,
        { expirationDate: 'x' },
        { action: 'rotate', code: 'ERR_INVALID_INPUT', token: { id: victim.id } },
      ],
      [
        writer,
        'PUT',
        `/${victim.id}`,
        { scopes: [] },
        { action: 'update', code: 'ERR_INVALID_INPUT', token: { id: victim.id, owner: 'victor', name: 'v' } },
      ],
      [
        writer,
        'DELETE',
        `/acme.${'A'.repeat(24)}`,
        undefined,
        { action: 'delete', code: 'ERR_NOT_FOUND', token: { id: `acme.${'A'.repeat(24)}` } },
      ],
      [writer, 'DELETE', '/nonsense', undefined, { action: 'delete', code: 'ERR_NOT_FOUND' }],
      [writer, 'POST', '/nonsense/rotate', undefined, { action: 'rotate', code: 'ERR_NOT_FOUND' }],
      [
        writer,
        'POST',
        `/${victim.id}/rotate`,
        {},
        { action: 'rotate', code: 'ERR_NOT_ALLOWED', token: { id: victim.id, owner: 'victor', name: 'v' } },
      ],
      [
        writer,
        'POST',
        `/${off.id}/rotate`,
        {},
        { action: 'rotate', code: 'ERR_STATE', token: { id: off.id, owner: 'mallory', name: 'report' } },
      ],
      [
        writer,
        'POST',
        `/${victim.id}/rotate/finish`,
        {},
        { action: 'finish', code: 'ERR_STATE', token: { id: victim.id, owner: 'victor', name: 'v' } },
      ],
      [
        writer,
        'PUT',
        '/self',
        { enabled: false },
        { action: 'update', code: 'ERR_OWN_TOKEN', token: { id: writer.id, owner: 'mallory', name: 'report' } },
      ],
    ]
    for (const [by, method, path, body, expected] of cases) {
      const entries = await auditOf(() => call(method, `/tokens${path}`, by.token, { body }))
      expect(entries, `${method} ${path}`).toMatchObject([
        {
          outcome: 'refused',
          actor: { kind: 'token', id: by.id, owner: by.apiToken.owner },
          ip: '127.0.0.1',
          ...expected,
        },
      ])
      expect(entries[0]?.token).toEqual('token' in expected ? expected.token : undefined)
    }
    const [escalation] = await auditOf(() => call('POST', `/tokens/${victim.id}/rotate`, writer.token))
    expect(escalation?.violations?.map(({ dimension }) => dimension)).toEqual(['owner', 'scopes'])
    // Whoever is nobody has no entry: strangers cannot fill the audit.
    expect(await auditOf(() => call('DELETE', `/tokens/${victim.id}`))).toEqual([])
    expect(await auditOf(() => call('DELETE', `/tokens/${victim.id}`, `${own.id}.x`))).toEqual([])
    expect((await latchkey.get(victim.id)).enabled).toBe(true)
  })

  test('28 a whole token in a path or in a name of a member is in no entry and in no answer', async () => {
    const { call, issue, latchkey } = await scene(framework, { audit: { reads: true } })
    const reader = await issue()
    const writer = await issue({ scopes: WRITER })
    const other = await issue({ owner: 'bob', scopes: ['*'] })
    const secret = other.token.slice(-64)
    const answers: string[] = []
    const entries = await auditOf(async () => {
      for (const { token } of [reader, writer]) {
        for (const [method, path, body] of [
          ['GET', `/tokens/${other.token}`],
          ['PUT', `/tokens/${other.token}`, { name: 'x' }],
          ['DELETE', `/tokens/${other.token}`],
          ['POST', `/tokens/${other.token}/rotate`],
          ['GET', `/tokens?${other.token}=1`],
          ['GET', `/tokens?nextPageKey=${other.token}`],
          ['GET', `/tokens?sort=${other.token}`],
          ['GET', `/tokens?from=${other.token}`],
          ['POST', '/tokens', { name: 'x', scopes: ['a'], [other.token]: 1 }],
          ['POST', '/tokens', { name: 'x', scopes: [other.token] }],
          ['POST', '/tokens', { name: 'x', scopes: ['a'], allowedCIDRBlocks: [other.token] }],
          ['POST', '/tokens', { name: 'x', scopes: [other.token, other.token], expirationDate: other.token }],
          ['PUT', `/tokens/${other.id}`, { [other.token]: 1 }],
          ['PUT', `/tokens/${other.id}`, { scopes: ['*', other.token], enabled: other.token }],
          ['POST', '/panther', { name: 'x', permissions: [other.token] }],
          ['DELETE', `/secret-in-path/${other.token}x`],
        ] as const) {
          const reply = await call(method, path, token, { body })
          expect(reply.status, `${method} ${path}`).toBeGreaterThanOrEqual(400)
          answers.push(reply.text)
        }
      }
      const caller = { owner: 'eve', scopes: ['reports.read'] }
      for (const attempt of [
        () => latchkey.delete(other.token, { caller }),
        () => latchkey.revoke(other.token, { caller: { ...caller, expiresAt: 1 } }),
        () => latchkey.lookup(other.token, { caller: { ...caller, expiresAt: 1 } }),
        () => latchkey.create({ name: 'x', scopes: [other.token] }, { caller: { ...caller, scopes: WRITER } }),
      ]) {
        answers.push(
          await attempt().then(
            () => expect.unreachable(),
            (error: Error) => error.message,
          ),
        )
      }
    })
    expect(entries.length).toBeGreaterThan(20)
    for (const text of [...answers, ...entries.map((entry) => JSON.stringify(entry))]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(secret.slice(0, 40))
    }
    expect(entries.find(({ action, token }) => action === 'delete' && token?.id === other.id)).toBeDefined()
  })

  test('28 onAudit is asked before a write and told of its end; what it does not take is not written', async () => {
    const asked: AuditEntry[] = []
    let keep = async (_entry: AuditEntry): Promise<void> => undefined
    let signedIn: Caller | undefined
    const onAudit = (entry: AuditEntry) => {
      asked.push(entry)
      return keep(entry)
    }
    const options = { onAudit, hostTimeout: 200 }
    const { call, issue, records, latchkey } = await scene(framework, options, {
      routes: { authorize: () => signedIn },
    })
    const target = await issue({ owner: 'carol' })
    asked.length = 0
    signedIn = { id: 'u-7', owner: 'carol', scopes: ['*'] }
    const actor = { kind: 'user', id: 'u-7', owner: 'carol' }
    expect((await call('PUT', `/tokens/${target.id}`, undefined, { body: { name: 'm' } })).status).toBe(204)
    expect(asked.map(essence)).toEqual([
      ['update', 'begun'],
      ['update', 'done'],
    ])
    for (const entry of asked)
      expect(entry).toMatchObject({ actor, token: { id: target.id }, changes: { name: { from: 'report', to: 'm' } } })

    const writes: readonly (readonly [method: string, path: string, body?: object])[] = [
      ['POST', '/tokens', { name: 'n', scopes: ['a'] }],
      ['PUT', `/tokens/${target.id}`, { enabled: false }],
      ['POST', `/tokens/${target.id}/rotate`, {}],
      ['DELETE', `/tokens/${target.id}`],
      ['POST', '/tokens/revoke', { token: target.token }],
    ]
    const hang = () => new Promise<never>(() => undefined)
    for (const failure of [async () => Promise.reject(new Error('disk full')), hang]) {
      keep = ({ outcome }) => (outcome === 'begun' ? failure() : Promise.resolve())
      const before = await records()
      for (const [method, path, body] of writes) {
        asked.length = 0
        const reply = await call(method, path, undefined, { body })
        expect([method, path, reply.status]).toEqual([method, path, 503])
        expect(reply.headers['retry-after']).toBe('1')
        expect(asked.map(essence)).toMatchObject([
          [expect.any(String), 'begun'],
          [expect.any(String), 'failed', 'ERR_AUDIT'],
        ])
      }
      for (const write of [
        () => latchkey.create({ name: 'n', owner: 'o', scopes: ['a'] }),
        () => latchkey.update(target.id, { name: 'x' }),
        () => latchkey.rotate(target.id),
        () => latchkey.delete(target.id),
        () => latchkey.revoke(target.token),
      ]) {
        await expect(write()).rejects.toMatchObject({ code: 'ERR_AUDIT', status: 503 })
      }
      expect(await records()).toEqual(before)
    }
    // Who has not taken the first entry is not waited for again.
    const patient = await scene(framework, {
      hostTimeout: 50_000,
      onAudit: ({ outcome }) => (outcome === 'begun' ? Promise.reject(new Error('disk full')) : hang()),
    })
    const { token } = target
    const begun = performance.now()
    await expect(patient.latchkey.create({ name: 'n', owner: 'o', scopes: ['a'] })).rejects.toThrow(
      'nothing was changed',
    )
    expect(performance.now() - begun).toBeLessThan(25_000)
    expect((await latchkey.verify(token)).ok).toBe(true)

    // What is done stays done, and the failure to keep it is an event.
    const lost: unknown[] = []
    const note = (message: unknown) => void lost.push(message)
    subscribe('latchkey:audit-error', note)
    keep = ({ outcome }) => (outcome === 'begun' ? Promise.resolve() : Promise.reject(new Error('disk full')))
    expect((await call('DELETE', `/tokens/${target.id}`)).status).toBe(204)
    unsubscribe('latchkey:audit-error', note)
    expect(lost).toMatchObject([{ entry: { action: 'delete', outcome: 'done' }, error: { message: 'disk full' } }])
  })

  test('28 a write that loses its races, or whose store fails, is told as failed', async () => {
    const inner = memoryStore()
    let failure: StoreError | undefined
    const store: TokenStore = {
      ...inner,
      async open(environment) {
        const opened = await inner.open(environment)
        const update: typeof opened.update = (...change) =>
          failure ? Promise.reject(failure) : opened.update(...change)
        return { ...opened, update }
      },
    }
    const { call, issue } = await scene(framework, { store })
    const { id, token } = await issue({ scopes: ['*'] })
    const told = async (method: string, path: string, body?: object) => {
      const statuses: number[] = []
      const entries = await auditOf(async () => statuses.push((await call(method, path, token, { body })).status))
      return [...statuses, ...entries.map(essence)]
    }
    failure = new StoreError('ERR_CONFLICT', 'somebody was faster')
    expect(await told('POST', `/tokens/${id}/rotate`)).toEqual([409, ['rotate', 'failed', 'ERR_RACE']])
    expect(await told('PUT', `/tokens/${id}`, { name: 'x' })).toEqual([409, ['update', 'failed', 'ERR_RACE']])
    failure = new StoreError('ERR_STORE', 'down')
    expect(await told('POST', `/tokens/${id}/rotate`)).toEqual([503, ['rotate', 'failed', 'ERR_STORE']])
  })

  test('28 reads are told where the host asks for it, and else not', async () => {
    const ask = async ({ call, issue }: Scene) => {
      const caller = await issue({ scopes: WRITER })
      const reader = await issue()
      return auditOf(async () => {
        await call('GET', '/tokens', caller.token)
        await call('GET', `/tokens/${reader.id}`, caller.token)
        await call('POST', '/tokens/lookup', caller.token, { body: { token: reader.token } })
        await call('GET', '/tokens', reader.token)
        await call('GET', '/tokens?sort=x', caller.token)
      })
    }
    expect(await ask(await scene(framework))).toEqual([])
    expect((await ask(await scene(framework, { audit: { reads: true } }))).map(essence)).toEqual([
      ['list', 'done'],
      ['get', 'done'],
      ['lookup', 'done'],
      ['list', 'refused', 'ERR_NOT_ALLOWED'],
      ['list', 'refused', 'ERR_INVALID_INPUT'],
    ])
  })
})

test('28 calls in process are told as those over HTTP: the user, or the host itself', async () => {
  const { latchkey, issue } = await scene('koa')
  const caller = { id: 'u-7', owner: 'alice', scopes: WRITER }
  const on = { caller, ip: '::ffff:192.0.2.7' }
  const victim = await issue({ owner: 'victor', scopes: ['*'] })
  const entries = await auditOf(async () => {
    const { id } = await latchkey.create({ name: 'n', scopes: ['reports.read'] }, on)
    await latchkey.update(id, { name: 'm' }, on)
    await latchkey.delete(id, on)
    await expect(latchkey.rotate(victim.id, {}, on)).rejects.toMatchObject({ code: 'ERR_NOT_ALLOWED' })
    await expect(latchkey.delete(victim.id, { caller: { owner: 'eve', scopes: ['a'] } })).rejects.toThrow(
      'lacks the scope',
    )
    await expect(latchkey.create({ name: '', scopes: [] }, on)).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' })
    await expect(latchkey.rotate(victim.id, { expiresAt: 'x' }, on)).rejects.toMatchObject({
      code: 'ERR_INVALID_INPUT',
    })
    await latchkey.update(victim.id, { name: 'by the host' })
  })
  expect(entries.map(essence)).toEqual([
    ['create', 'done'],
    ['update', 'done'],
    ['delete', 'done'],
    ['rotate', 'refused', 'ERR_NOT_ALLOWED'],
    ['delete', 'refused', 'ERR_NOT_ALLOWED'],
    ['create', 'refused', 'ERR_INVALID_INPUT'],
    ['rotate', 'refused', 'ERR_INVALID_INPUT'],
    ['update', 'done'],
  ])
  const user = { kind: 'user', id: 'u-7', owner: 'alice' }
  const actors = [user, user, user, user, { kind: 'user', owner: 'eve' }, user, user, { kind: 'host' }]
  expect(entries.map(({ actor }) => actor)).toEqual(actors)
  expect(entries.map(({ ip }) => ip === '192.0.2.7')).toEqual(actors.map((actor) => actor === user))
  for (const i of [3, 4, 6, 7]) expect(entries[i]?.token?.id).toBe(victim.id)
})

test('28 revokeAll has an entry for each token, a purge one with their ids, an import one with its counts', async () => {
  const foreign = [{ name: 'old', match: /^old_[a-z]+$/ }]
  const { latchkey, issue, clock } = await scene('koa', { retention: 1_000, foreign })
  const host = { kind: 'host' }
  const caller = { id: 'u-7', owner: 'alice', scopes: WRITER }
  const user = { kind: 'user', id: 'u-7', owner: 'alice' }
  const idsOf = (tokens: readonly ({ readonly id: string } | undefined)[]) =>
    tokens.map((token) => token?.id).toSorted()

  const own = await Promise.all([1, 2].map(() => issue()))
  await issue({ owner: 'bob' })
  const revoked = await auditOf(() => latchkey.revokeAll({ created: { from: 0 } }, { caller, ip: '192.0.2.7' }))
  expect(revoked.map(essence)).toEqual([
    ['revokeAll', 'done'],
    ['revokeAll', 'done'],
  ])
  for (const { actor, ip } of revoked) expect([actor, ip]).toEqual([user, '192.0.2.7'])
  expect(idsOf(revoked.map(({ token }) => token))).toEqual(idsOf(own))
  const refused = await auditOf(() => latchkey.revokeAll({ owner: 'bob' }, { caller }).catch(() => undefined))
  expect(refused.map(essence)).toEqual([['revokeAll', 'refused', 'ERR_NOT_ALLOWED']])
  expect(refused[0]?.violations).toMatchObject([{ dimension: 'owner' }])

  const dying = await Promise.all([1, 2].map(() => issue({ expiresAt: clock.at + 1 })))
  clock.at += 2_000
  const purged = await auditOf(() => latchkey.purge())
  expect(purged).toEqual([expect.objectContaining({ action: 'purge', outcome: 'done', actor: host })])
  expect(purged[0]?.ids?.toSorted()).toEqual(idsOf(dying))

  const sha256 = createHash('sha256').update('old_key').digest('hex')
  const row = { format: 'old', sha256, name: 'n', owner: 'bob', scopes: ['reports.read'] }
  const imported = await auditOf(() => latchkey.importTokens([row, row, { ...row, name: '' }]))
  const counts = { imported: 1, skipped: 1, rejected: 1 }
  expect(imported).toEqual([expect.objectContaining({ action: 'import', outcome: 'done', actor: host, counts })])
})

/** A store of each kind, closed when the test ends. */
const STORES: Readonly<Record<string, () => Promise<TokenStore>>> = {
  memory: async () => memoryStore(),
  SQLite: async () => sqliteStore({ path: join(temporaryFolder(onTestFinished), 'tokens.sqlite') }),
  async Redis() {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const client = createClient({ socket: { port: server.port, host: '127.0.0.1' } })
    client.on('error', () => undefined)
    await client.connect()
    onTestFinished(() => client.destroy())
    return redisStore({ client: nodeRedis(client) })
  },
}

describe.each(Object.entries(STORES))('on %s', (_, open) => {
  test('28 the record says who made it and who changed it last, and a purge says what it removed', async () => {
    const store = await open()
    onTestFinished(() => store.close())
    const clock = { at: Date.UTC(2030, 0, 1) }
    const options: LatchkeyOptions = {
      prefix: 'acme',
      environment: randomUUID(),
      store,
      hasher: testHasher,
      now: () => clock.at,
    }
    const latchkey = createLatchkey(options)
    const reader = createLatchkey(options)
    onTestFinished(async () => {
      await latchkey.close()
      await reader.close()
    })
    const ada = { kind: 'user', id: 'u-7', owner: 'ada' }
    const caller = { id: 'u-7', owner: 'ada', scopes: WRITER }
    const { id } = await latchkey.create({ name: 'n', scopes: ['reports.read'], expiresAt: clock.at + 10 }, { caller })
    expect(await reader.get(id)).toMatchObject({ createdBy: ada })
    expect(await reader.get(id)).not.toHaveProperty('modifiedBy')
    await latchkey.update(id, { enabled: false }, { caller })
    expect(await reader.get(id)).not.toHaveProperty('modifiedBy')
    await latchkey.update(id, { name: 'm' })
    expect(await reader.get(id)).toMatchObject({ createdBy: ada, modifiedBy: { kind: 'host' }, modifiedAt: clock.at })
    await latchkey.update(id, { name: 'o' }, { caller: { owner: 'ada', scopes: WRITER } })
    expect((await reader.get(id)).modifiedBy).toEqual({ kind: 'user', owner: 'ada' })
    expect((await reader.list()).tokens[0]).toMatchObject({
      createdBy: ada,
      modifiedBy: { kind: 'user', owner: 'ada' },
    })
    clock.at += 20
    const [purge] = await auditOf(() => latchkey.purge(clock.at))
    expect(purge?.ids).toEqual([id])
  })
})
