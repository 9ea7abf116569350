import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import Koa from 'koa'
import { expect, test } from 'vitest'
import { latchkeyKoa } from '../src/index.js'

test('a guard with an option that it does not know is not made: it might let every valid token in', () => {
  const { requireToken } = latchkeyKoa(createLatchkey({ store: memoryStore() }))
  const misspelt: object = { scope: ['reports.read'] }
  expect(() => requireToken(misspelt)).toThrow('requireToken.scope is not an option')
  expect(() => requireToken({ scopes: ['reports.read'], onDenied: () => undefined })).not.toThrow()
})

test('an adapter with an option that it does not know, or cannot use, is not made', () => {
  const latchkey = createLatchkey({ store: memoryStore() })
  const cases: [object, string][] = [
    [{ onDeny: () => undefined }, 'latchkeyKoa.onDeny is not an option. There are: property, onDenied, errors'],
    [{ onDenied: 401 }, 'latchkeyKoa.onDenied must be a function, not 401'],
    [{ errors: 'github' }, `latchkeyKoa.errors must be 'problem', 'dynatrace' or 'panther', not "github"`],
    [{ property: 'a.b' }, 'latchkeyKoa.property must be a name such as apiToken, not "a.b"'],
  ]
  for (const [options, message] of cases) {
    const make = () => latchkeyKoa(latchkey, options)
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION', message }))
  }
})

test('routes with an option that they do not know, or cannot use, are not made', () => {
  const { tokenRoutes } = latchkeyKoa(createLatchkey({ store: memoryStore() }))
  const cases: [object, unknown][] = [
    [{ path: '/tokens', dialects: 'panther' }, expect.stringContaining('tokenRoutes.dialects is not an option')],
    [
      { path: '/tokens', dialect: 'github' },
      `tokenRoutes.dialect must be 'latchkey', 'dynatrace' or 'panther', not "github"`,
    ],
    [
      { path: '/tokens', dialect: 'toString' },
      `tokenRoutes.dialect must be 'latchkey', 'dynatrace' or 'panther', not "toString"`,
    ],
    [
      { path: '/tokens', sessionOnly: true },
      expect.stringContaining('tokenRoutes.sessionOnly needs the option authorize'),
    ],
    [{ path: '/tokens', authorize: true }, 'tokenRoutes.authorize must be a function, not true'],
    [{ path: '/tokens/' }, 'tokenRoutes.path must look like /api/tokens, without a slash at its end'],
    [{}, 'tokenRoutes.path must look like /api/tokens, without a slash at its end'],
  ]
  for (const [options, message] of cases) {
    const make = () => tokenRoutes(options as Parameters<typeof tokenRoutes>[0])
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION', message }))
  }
})

test('`proxy` without `maxIpsCount` and a restricted token warn once; other settings and tokens do not', async () => {
  const latchkey = createLatchkey({
    store: memoryStore(),
    hasher: testHasher,
  })
  const token = { name: 'n', owner: 'alice', scopes: ['a'] }
  const open = await latchkey.create(token)
  const restricted = await latchkey.create({ ...token, networks: ['192.0.2.0/24'] })
  const app = new Koa({ proxy: true, maxIpsCount: 1 })
  app.use(latchkeyKoa(latchkey).requireToken())
  app.use((ctx) => {
    ctx.body = 'ok'
  })
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const status = async ({ token: value }: { token: string }) =>
    (await fetch(url, { headers: { 'X-API-Key': value, 'X-Forwarded-For': '192.0.2.1' } })).status
  const warnings: Error[] = []
  const listener = (warning: Error) => void warnings.push(warning)
  process.on('warning', listener)
  try {
    expect(await status(restricted)).toBe(200)
    app.maxIpsCount = 0
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
