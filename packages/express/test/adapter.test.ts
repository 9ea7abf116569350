import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import express, { type ErrorRequestHandler } from 'express'
import { expect, test } from 'vitest'
import { type DeniedHandler, latchkeyExpress } from '../src/index.js'

test('a guard with an option that it does not know is not made: it might let every valid token in', () => {
  const { requireToken } = latchkeyExpress(createLatchkey({ store: memoryStore() }))
  const misspelt: object = { scope: ['reports.read'] }
  expect(() => requireToken(misspelt)).toThrow('requireToken.scope is not an option')
  expect(() => requireToken({ scopes: ['reports.read'], onDenied: () => undefined })).not.toThrow()
})

test('an adapter with an option that it does not know, or cannot use, is not made', () => {
  const latchkey = createLatchkey({ store: memoryStore() })
  const cases: [object, string][] = [
    [{ onDeny: () => undefined }, 'latchkeyExpress.onDeny is not an option. There are: property, onDenied, errors'],
    [{ onDenied: 401 }, 'latchkeyExpress.onDenied must be a function, not 401'],
    [{ errors: 'github' }, `latchkeyExpress.errors must be 'problem', 'dynatrace' or 'panther', not "github"`],
    [{ property: 'a.b' }, 'latchkeyExpress.property must be a name such as apiToken, not "a.b"'],
    [{ property: 'ip' }, 'latchkeyExpress.property must not be ip, which every request of Express has already'],
    [
      { property: 'headers' },
      'latchkeyExpress.property must not be headers, which every request of Express has already',
    ],
  ]
  for (const [options, message] of cases) {
    const make = () => latchkeyExpress(latchkey, options)
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION', message }))
  }
})

test('routes with an option that they do not know, or cannot use, are not made', () => {
  const { tokenRoutes } = latchkeyExpress(createLatchkey({ store: memoryStore() }))
  const cases: [object, unknown][] = [
    [{ dialects: 'panther' }, expect.stringContaining('tokenRoutes.dialects is not an option')],
    [{ dialect: 'github' }, `tokenRoutes.dialect must be 'latchkey', 'dynatrace' or 'panther', not "github"`],
    [{ dialect: 'toString' }, `tokenRoutes.dialect must be 'latchkey', 'dynatrace' or 'panther', not "toString"`],
    [{ sessionOnly: true }, expect.stringContaining('tokenRoutes.sessionOnly needs the option authorize')],
    [{ authorize: true }, 'tokenRoutes.authorize must be a function, not true'],
  ]
  for (const [options, message] of cases) {
    const make = () => tokenRoutes(options as Parameters<typeof tokenRoutes>[0])
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION', message }))
  }
})

test('a mounted app that trusts fewer proxies judges the address itself, whatever its parent let in', async () => {
  const latchkey = createLatchkey({
    store: memoryStore(),
    hasher: testHasher,
  })
  const networks = ['192.0.2.0/24']
  const { token } = await latchkey.create({ name: 'n', owner: 'alice', scopes: ['a'], networks })
  const { requireToken } = latchkeyExpress(latchkey)
  const [parent, strict] = [express(), express()]
  parent.set('trust proxy', 'loopback')
  strict.set('trust proxy', false)
  strict.use(requireToken(), (_req, res) => void res.end())
  parent.use(requireToken())
  parent.use('/strict', strict)
  parent.get('/', (_req, res) => void res.end())
  const server: Server = parent.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const headers = { 'X-API-Key': token, 'X-Forwarded-For': '192.0.2.1' }
  try {
    expect((await fetch(url, { headers })).status).toBe(200)
    expect((await fetch(`${url}/strict`, { headers })).status).toBe(403)
  } finally {
    server.closeAllConnections()
    server.close()
    await latchkey.close()
  }
})

test('`trust proxy: true` with a restricted token warns once; other settings and tokens do not', async () => {
  const latchkey = createLatchkey({
    store: memoryStore(),
    hasher: testHasher,
  })
  const token = { name: 'n', owner: 'alice', scopes: ['a'] }
  const open = await latchkey.create(token)
  const restricted = await latchkey.create({ ...token, networks: ['192.0.2.0/24'] })
  const app = express()
  app.use(latchkeyExpress(latchkey).requireToken(), (_req, res) => void res.end())
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const status = async ({ token: value }: { token: string }) =>
    (await fetch(url, { headers: { 'X-API-Key': value, 'X-Forwarded-For': '192.0.2.1' } })).status
  const warnings: Error[] = []
  const listener = (warning: Error) => void warnings.push(warning)
  process.on('warning', listener)
  try {
    app.set('trust proxy', 'loopback')
    expect(await status(restricted)).toBe(200)
    app.set('trust proxy', true)
    expect(await status(open)).toBe(200)
    expect(warnings).toEqual([])
    expect(await status(restricted)).toBe(200)
    expect(await status(restricted)).toBe(200)
    expect(warnings).toEqual([expect.objectContaining({ code: 'LATCHKEY_FORGEABLE_ADDRESS' })])
  } finally {
    process.off('warning', listener)
    server.closeAllConnections()
    server.close()
    await latchkey.close()
  }
})

test('what onDenied throws after it has answered is dropped, for guards and routes, at once or late', async () => {
  const latchkey = createLatchkey({ store: memoryStore(), hasher: testHasher })
  const failed: unknown[] = []
  const deny =
    (late: boolean): DeniedHandler =>
    (_denied, _req, res) => {
      res.sendStatus(418)
      const error = new Error('too late')
      if (!late) throw error
      return once(res, 'close').then(() => Promise.reject(error))
    }
  const { requireToken, tokenRoutes } = latchkeyExpress(latchkey, { onDenied: deny(true) })
  const app = express()
  app.use('/late', tokenRoutes())
  app.use('/at-once', tokenRoutes({ onDenied: deny(false) }))
  app.get('/guard/late', requireToken(), () => expect.unreachable())
  app.get('/guard/at-once', requireToken({ onDenied: deny(false) }), () => expect.unreachable())
  const onError: ErrorRequestHandler = (error, _req, res, _next) => {
    failed.push(error)
    res.sendStatus(500)
  }
  app.use(onError)
  const unhandled: unknown[] = []
  const listener = (error: unknown) => void unhandled.push(error)
  process.on('unhandledRejection', listener)
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  // Of the right form: its refusal takes a look into the store.
  const unknown = await latchkey.create({ name: 'n', owner: 'alice', scopes: ['a'] })
  await latchkey.delete(unknown.id)
  try {
    for (const path of ['/late', '/at-once', '/guard/late', '/guard/at-once']) {
      for (const headers of [{}, { 'X-API-Key': unknown.token }]) {
        expect((await fetch(url + path, { headers })).status).toBe(418)
      }
    }
    expect([failed, unhandled]).toEqual([[], []])
  } finally {
    process.off('unhandledRejection', listener)
    server.closeAllConnections()
    server.close()
    await latchkey.close()
  }
})
