// Callers in process are judged as over HTTP, and no misspelt name is passed over.
import {
  argon2id,
  type Caller,
  createLatchkey,
  hmacSha256,
  type Latchkey,
  memoryStore,
  RequestError,
} from '@latchkey/core'
import { createGuard, createRouter } from '@latchkey/core/adapter'
import { latchkeyExpress } from '@latchkey/express'
import { latchkeyFastify } from '@latchkey/fastify'
import { latchkeyKoa } from '@latchkey/koa'
import { migrate, postgresStore } from '@latchkey/store-postgres'
import { redisStore } from '@latchkey/store-redis'
import { sqliteStore } from '@latchkey/store-sqlite'
import { describe, expect, test } from 'vitest'
import { FRAMEWORKS, scene } from './scene.js'

type On = { caller: Caller; ip?: string | undefined }

/** Every management call, the scope that it needs, and the same request over HTTP. */
const CALLS: Readonly<
  Record<
    string,
    {
      readonly needs: 'read' | 'write' | undefined
      run(latchkey: Latchkey, id: string, token: string, on: On): Promise<unknown>
      readonly method: string
      /** Default `/tokens`. */
      readonly mount?: string
      readonly path: string
      readonly body?: object
    }
  >
> = {
  create: {
    ...{ needs: 'write', method: 'POST', path: '/', body: { name: 'n', scopes: ['reports.read'] } },
    run: (latchkey, _id, _token, on) => latchkey.create({ name: 'n', scopes: ['reports.read'] }, on),
  },
  get: { needs: 'read', method: 'GET', path: '/{id}', run: (latchkey, id, _, on) => latchkey.get(id, on) },
  list: { needs: 'read', method: 'GET', path: '/', run: (latchkey, _id, _token, on) => latchkey.list({}, on) },
  update: {
    ...{ needs: 'write', method: 'PUT', path: '/{id}', body: { name: 'm' } },
    run: (latchkey, id, _, on) => latchkey.update(id, { name: 'm' }, on),
  },
  delete: { needs: 'write', method: 'DELETE', path: '/{id}', run: (latchkey, id, _, on) => latchkey.delete(id, on) },
  rotate: {
    ...{ needs: 'write', method: 'POST', path: '/{id}/rotate' },
    run: (latchkey, id, _, on) => latchkey.rotate(id, {}, on),
  },
  finishRotation: {
    ...{ needs: 'write', method: 'POST', path: '/{id}/rotate/finish' },
    run: (latchkey, id, _, on) => latchkey.finishRotation(id, on),
  },
  cancelRotation: {
    ...{ needs: 'write', method: 'POST', path: '/{id}/rotate/cancel' },
    run: (latchkey, id, _, on) => latchkey.cancelRotation(id, on),
  },
  lookup: {
    ...{ needs: undefined, method: 'POST', path: '/lookup', body: { token: '{token}' } },
    run: (latchkey, _, token, on) => latchkey.lookup(token, on),
  },
  revoke: {
    ...{ needs: undefined, method: 'POST', path: '/revoke', body: { token: '{token}' } },
    run: (latchkey, _, token, on) => latchkey.revoke(token, on),
  },
  revokeAll: {
    ...{ needs: 'write', method: 'POST', mount: '/latchkey', path: '/revoke-all', body: { owner: 'alice' } },
    run: (latchkey, _id, _token, on) => latchkey.revokeAll({ owner: 'alice' }, on),
  },
}

/** Callers of every kind, and from where they call. */
const CALLERS: readonly { readonly name: string; readonly caller: Partial<Caller> }[] = [
  { name: 'without a scope', caller: { scopes: [] } },
  { name: 'with scopes of the host alone', caller: { scopes: ['reports.*'] } },
  { name: 'who may read', caller: { scopes: ['apiTokens.read', 'reports.*'] } },
  { name: 'who may write', caller: { scopes: ['apiTokens.write', 'reports.*'] } },
  { name: 'of another owner', caller: { owner: 'eve', scopes: ['apiTokens.*', 'reports.*'], assignOwner: false } },
  { name: 'with the admin right', caller: { owner: 'eve', scopes: ['*'] } },
  { name: 'who is personal', caller: { scopes: ['*'], personal: true } },
  { name: 'who is personal, and another', caller: { owner: 'eve', scopes: ['*'], personal: true } },
  { name: 'inside its networks', caller: { scopes: ['*'], networks: ['127.0.0.0/8'] } },
  { name: 'outside its networks', caller: { scopes: ['*'], networks: ['192.0.2.0/24'] } },
  { name: 'whose access has ended', caller: { scopes: ['*'], expiresAt: Date.UTC(2030, 0, 1) } },
  { name: 'with less time than the token', caller: { scopes: ['*'], expiresAt: Date.UTC(2030, 0, 1, 1) } },
]

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test.each(CALLERS)('40 a caller in process may do what it may over HTTP: $name', async ({ caller: some }) => {
    let signedIn: Caller | undefined
    const { latchkey, call, issue } = await scene(framework, {}, { routes: { authorize: () => signedIn } })
    const caller: Caller = { owner: 'alice', scopes: [], ...some }
    const held = new Set<string>()
    for (const [name, { needs, run, method, mount = '/tokens', path, body }] of Object.entries(CALLS)) {
      const make = async () => {
        const { id } = await issue({ metadata: { team: 'a' } })
        return latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
      }
      const inside = await make()
      const outcome = await run(latchkey, inside.id, inside.token, { caller, ip: '127.0.0.1' }).then(
        () => 200,
        (error: unknown) => (error instanceof RequestError ? error.status : Promise.reject(error)),
      )
      const outside = await make()
      signedIn = caller
      const sent = body && JSON.parse(JSON.stringify(body).replace('{token}', outside.token))
      const reply = await call(method, `${mount}${path.replace('{id}', outside.id)}`, undefined, { body: sent })
      // 401 is how HTTP says that access has ended.
      const status = reply.status < 300 ? 200 : reply.status === 401 ? 403 : reply.status
      expect([name, outcome]).toEqual([name, status])
      if (outcome === 200 && needs !== undefined) held.add(needs)
    }
    const { scopes } = caller
    for (const needs of held)
      expect(scopes.some((scope) => [`apiTokens.${needs}`, 'apiTokens.*', '*'].includes(scope))).toBe(true)
  })
})

test('40 each management call needs its scope, and a caller without an address is outside every network', async () => {
  const { latchkey, issue } = await scene('koa')
  for (const [name, { needs, run }] of Object.entries(CALLS)) {
    const other = needs === 'read' ? 'apiTokens.write' : 'apiTokens.read'
    const attempt = async (caller: Partial<Caller>, more: object = {}) => {
      const { id } = await issue()
      const { token } = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
      return run(latchkey, id, token, { caller: { owner: 'alice', scopes: [], ...caller }, ...more }).then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
    }
    const lacking = needs === undefined ? 'done' : 'ERR_NOT_ALLOWED'
    expect([name, await attempt({ scopes: [other, 'reports.read', 'apiTokens.admin'] })]).toEqual([name, lacking])
    const networks = ['192.0.2.0/24']
    for (const ip of [undefined, '', 'unknown', '10.0.0.1', 'fe80::1%eth0']) {
      expect([name, ip, await attempt({ scopes: ['*'], networks }, { ip })]).toEqual([name, ip, 'ERR_NOT_ALLOWED'])
    }
  }
})

test('40 no function passes over a name that it does not know', async () => {
  const { latchkey, issue } = await scene('koa')
  const { id, token } = await issue()
  const caller = { owner: 'alice', scopes: ['*'] }
  const store = memoryStore()
  const client = { query: async () => ({ rows: [] }) }
  const odd = { surprise: true } as never
  const functions: Record<string, () => unknown> = {
    verify: () => latchkey.verify(token, odd),
    verifyCached: () => latchkey.verifyCached(token, odd),
    explain: () => latchkey.explain({ id, ...(odd as object) }),
    'explain, neither token nor id': () => latchkey.explain(odd),
    'purge, caller given': () => Reflect.apply(latchkey.purge, latchkey, [1, { caller }]),
    'create, input': () => latchkey.create({ name: 'n', owner: 'o', scopes: ['a'], ...(odd as object) }),
    'update, input': () => latchkey.update(id, odd),
    'rotate, input': () => latchkey.rotate(id, odd),
    'list, filter': () => latchkey.list(odd),
    'revokeAll, filter': () => latchkey.revokeAll(odd),
    'list, cursor': () => latchkey.list({ cursor: 'x', ...(odd as object) }),
    createLatchkey: () => createLatchkey({ store, ...(odd as object) }),
    'createLatchkey, cache': () => createLatchkey({ store, cache: odd }),
    'createLatchkey, lastUsed': () => createLatchkey({ store, lastUsed: odd }),
    'createLatchkey, audit': () => createLatchkey({ store, audit: odd }),
    'createLatchkey, managementScopes': () => createLatchkey({ store, managementScopes: odd }),
    argon2id: () => argon2id(odd),
    hmacSha256: () => hmacSha256({ keys: { k: new Uint8Array(32) }, current: 'k', ...(odd as object) }),
    createGuard: () => createGuard(odd),
    createRouter: () => createRouter(odd),
    'Express, requireToken': () => latchkeyExpress(latchkey).requireToken(odd),
    'Express, tokenRoutes': () => latchkeyExpress(latchkey).tokenRoutes(odd),
    'Express, tokenRoutes, self': () => latchkeyExpress(latchkey).tokenRoutes({ self: odd }),
    'Express, tokenRoutes, csrf': () => latchkeyExpress(latchkey).tokenRoutes({ csrf: odd }),
    'Fastify, adapter': () => latchkeyFastify(latchkey, odd),
    'Fastify, requireToken': () => latchkeyFastify(latchkey).requireToken(odd),
    'Fastify, tokenRoutes': () => latchkeyFastify(latchkey).tokenRoutes(odd),
    'Koa, requireToken': () => latchkeyKoa(latchkey).requireToken(odd),
    'Koa, tokenRoutes': () => latchkeyKoa(latchkey).tokenRoutes({ path: '/t', ...(odd as object) }),
    'Koa, tokenRoutes, self': () => latchkeyKoa(latchkey).tokenRoutes({ path: '/t', self: odd }),
    'Koa, tokenRoutes, csrf': () => latchkeyKoa(latchkey).tokenRoutes({ path: '/t', csrf: odd }),
    sqliteStore: () => sqliteStore({ path: ':memory:', ...(odd as object) }),
    redisStore: () => redisStore({ client: {} as never, ...(odd as object) }),
    postgresStore: () => postgresStore({ client: client as never, ...(odd as object) }),
    migrate: () => migrate(client as never, odd),
  }
  for (const [name, { run }] of Object.entries(CALLS)) {
    functions[`${name}, options`] = () => run(latchkey, id, token, odd)
    functions[`${name}, callr`] = () => run(latchkey, id, token, { callr: caller } as never)
    functions[`${name}, caller`] = () => run(latchkey, id, token, { caller: { ...caller, ...(odd as object) } })
    for (const none of [undefined, null, {}, 'alice', ['alice']]) {
      functions[`${name}, caller ${JSON.stringify(none)}`] = () => run(latchkey, id, token, { caller: none } as never)
    }
  }
  for (const [name, run] of Object.entries(functions)) {
    const attempt = async () => run()
    const error: unknown = await attempt().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    const code = (error as { code?: string } | undefined)?.code
    expect([name, code]).toEqual([name, expect.stringMatching(/^ERR_(?:OPTION|INVALID_INPUT)$/)])
    if (!name.includes('caller') || name.endsWith('caller')) {
      const text = JSON.stringify([(error as Error).message, (error as { violations?: unknown }).violations])
      expect([name, text]).toEqual([name, expect.stringMatching(name.endsWith('callr') ? /callr/ : /surprise/)])
    }
  }
  expect(await latchkey.get(id)).toMatchObject({ name: 'report', enabled: true })
  expect((await latchkey.list()).totalCount).toBe(1)
})

test('44 what Object.prototype was given is no right of a caller', async () => {
  let signedIn: Caller | undefined
  const { latchkey, call, issue } = await scene('express', {}, { routes: { authorize: () => signedIn } })
  const caller = { owner: 'eve', scopes: ['apiTokens.write', 'reports.read'] }
  const { id } = await issue()
  const stored = await latchkey.get(id)
  // As by a library that merges what strangers send.
  for (const [member, value] of [
    ['assignOwner', true],
    ['personal', false],
    ['networks', []],
    ['expiresAt', Number.MAX_SAFE_INTEGER],
  ] as const) {
    Object.defineProperty(Object.prototype, member, { value, configurable: true, enumerable: false })
    try {
      await expect(latchkey.rotate(id, {}, { caller })).rejects.toMatchObject({ code: 'ERR_OPTION' })
      signedIn = caller
      expect((await call('POST', `/tokens/${id}/rotate`)).status).toBe(500)
    } finally {
      Reflect.deleteProperty(Object.prototype, member)
    }
  }
  // Nor does a caller lose the bounds that it inherits without a word.
  const bound = Object.assign(Object.create({ networks: ['192.0.2.0/24'] }), { ...caller, owner: 'alice' })
  await expect(latchkey.rotate(id, {}, { caller: bound })).rejects.toMatchObject({ code: 'ERR_OPTION' })
  expect(await latchkey.get(id)).toEqual(stored)
})

test('45 an owner with blanks around it is refused, not taken for the one without them', async () => {
  const { latchkey, issue } = await scene('koa')
  await issue({ owner: 'alice' })
  for (const owner of ['alice ', ' alice', 'alice\u00a0', '\ufeffalice', 'alice\u3000', 'alice\n', ' ']) {
    await expect(issue({ owner })).rejects.toMatchObject({ violations: [{ path: 'owner' }] })
  }
  expect((await latchkey.list({ owner: 'alice' })).totalCount).toBe(1)
})

test('47 what was checked is what is written, whatever a getter returns later', async () => {
  const { latchkey, issue } = await scene('koa', { scopes: { 'reports.read': 'Read reports' } })
  const { id } = await issue()
  for (const [members, hidden] of [
    [{ scopes: ['reports.read'] }, { scopes: ['everything.else'] }],
    [{ expiresAt: 'now+1h' }, { expiresAt: 1 }],
  ] as const) {
    for (let reads = 0; reads < 4; reads++) {
      let left = reads
      const input = new Proxy(hidden, {
        get: (target, member) => Reflect.get(left-- > 0 ? target : members, member) as unknown,
      })
      const outcome = await latchkey.update(id, input).catch(({ code }: { code: string }) => code)
      expect(outcome === 'ERR_INVALID_INPUT' || typeof outcome === 'object').toBe(true)
      const { scopes, expiresAt } = await latchkey.get(id)
      expect([reads, scopes]).toEqual([reads, ['reports.read']])
      expect(expiresAt).not.toBe(1)
    }
  }
})
