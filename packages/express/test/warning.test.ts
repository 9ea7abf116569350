import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import express from 'express'
import { expect, test } from 'vitest'
import { latchkeyExpress } from '../src/index.js'

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
