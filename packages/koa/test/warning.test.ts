import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import Koa from 'koa'
import { expect, test } from 'vitest'
import { latchkeyKoa } from '../src/index.js'

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
